/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/open.h"

#include <stdio.h>

#include "pg/migrate.h"

PGconn *open_database(struct cli_call *call, int *ret_result)
{
	PGconn *pg;
	int version;

	*ret_result = EXIT_CONFIG;
	if (!cli_config(call))
		return NULL;
	*ret_result = EXIT_FAILED;
	pg = migrate_connect(call->config->database_url);
	version = pg == NULL ? -1 : migrate_database_version(pg);
	if (version == migrate_program_version())
		return pg;
	if (version >= 0) {
		fprintf(stderr,
			"pgherald: schema herald has version %d, this program needs %d: run "
			"'pgherald migrate'\n",
			version, migrate_program_version());
		*ret_result = EXIT_MISFIT;
	}
	PQfinish(pg);
	return NULL;
}
