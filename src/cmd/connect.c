/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/cmd.h"

#include <stdio.h>

#include "pg/migrate.h"

int cmd_connect(struct cli_call *call, PGconn **ret_pg)
{
	int version, result = CLI_FAILED;

	*ret_pg = NULL;
	if (!cli_config(call))
		return CLI_CONFIG;
	*ret_pg = migrate_connect(call->config->database_url);
	if (*ret_pg == NULL)
		return CLI_FAILED;
	version = migrate_database_version(*ret_pg);
	if (version == migrate_program_version())
		return CLI_DONE;
	if (version >= 0) {
		fprintf(stderr, "pgherald: schema herald has version %d, this program needs %d: run 'pgherald migrate'\n", version,
			migrate_program_version());
		result = CLI_MISFIT;
	}
	PQfinish(*ret_pg);
	*ret_pg = NULL;
	return result;
}
