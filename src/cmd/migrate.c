/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/cmd.h"

#include <stdio.h>

#include "pg/migrate.h"

static int show_status(PGconn *pg)
{
	int have = migrate_database_version(pg), want = migrate_program_version();

	if (have < 0)
		return EXIT_FAILED;
	printf("schema herald: %s%d, this program brings %d: %s\n",
	       have == 0 ? "not installed, version " : "version ", have, want,
	       have == want  ? "up to date"
	       : have < want ? "run 'pgherald migrate'"
			     : "use a newer pgherald");
	return have == want ? EXIT_DONE : EXIT_MISFIT;
}

static int apply(PGconn *pg, bool dry_run)
{
	int have = migrate_database_version(pg), want = migrate_program_version();

	if (have < 0)
		return EXIT_FAILED;
	if (have > want) {
		fprintf(stderr,
			"pgherald: schema herald has version %d, this program knows %d: use a "
			"newer pgherald\n",
			have, want);
		return EXIT_MISFIT;
	}
	if (!migrate_apply(pg, dry_run))
		return EXIT_FAILED;
	printf(dry_run ? "nothing was changed: dry run\n" : "schema herald is at version %d\n",
	       want);
	return EXIT_DONE;
}

int cmd_migrate(struct cli_call *call)
{
	bool status = cli_flag(call, "status")->count > 0,
	     dry_run = cli_flag(call, "dry-run")->count > 0;
	PGconn *pg;
	int result;

	if (call->word_count > 0)
		return cli_usage("migrate takes no argument, not '%s'", call->words[0]);
	if (status && dry_run)
		return cli_usage("migrate takes --status or --dry-run, not both");
	if (!cli_config(call))
		return EXIT_CONFIG;
	pg = migrate_connect(call->config->database_url);
	if (pg == NULL)
		return EXIT_FAILED;
	result = status ? show_status(pg) : apply(pg, dry_run);
	PQfinish(pg);
	return result;
}
