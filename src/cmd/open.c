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
	if (version >= 0 && migrate_fits(pg, version))
		return pg;
	if (version >= 0) {
		fprintf(stderr,
			"pgherald: schema herald has version %d, this program needs %d: %s\n",
			version, migrate_program_version(),
			version < migrate_program_version() ? "run 'pgherald migrate'"
							    : "use a newer pgherald");
		*ret_result = EXIT_MISFIT;
	}
	PQfinish(pg);
	return NULL;
}
