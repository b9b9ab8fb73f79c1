/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/cmd.h"

#include <stdio.h>

#include "base/units.h"
#include "pg/migrate.h"
#include "cmd/migrate_print.h"

static int show_status(PGconn *pg)
{
	int have = migrate_database_version(pg), want = migrate_program_version();
	bool fits;

	if (have < 0)
		return EXIT_FAILED;
	fits = migrate_fits(pg, have);
	printf("schema herald: %s%d, this program brings %d: %s\n",
	       have == 0 ? "not installed, version " : "version ", have, want,
	       have == want  ? "up to date"
	       : have < want ? "run 'pgherald migrate'"
	       : fits        ? "newer, and this program goes on with it"
			     : "use a newer pgherald");
	return fits ? EXIT_DONE : EXIT_MISFIT;
}

static int apply(PGconn *pg, bool dry_run)
{
	int have = migrate_database_version(pg), want = migrate_program_version();

	if (have < 0)
		return EXIT_FAILED;
	if (have > want) { /* also if it fits: functions of before would replace newer ones */
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

/* What an upgrade begins with. -1 if the flag has another value. */
static int from_version(const struct cli_call *call)
{
	const char *from = cli_value(call, "from");
	int64_t version = 0;

	if (from == NULL)
		return 0;
	return units_parse_count(from, &version) && version <= migrate_program_version()
		       ? (int)version
		       : -1;
}

static int print(const struct cli_call *call)
{
	int from = from_version(call);

	if (from < 0)
		return cli_usage("--from is '%s', not a version from 0 to %d",
				 cli_value(call, "from"), migrate_program_version());
	migrate_print(from);
	return EXIT_DONE;
}

static int connect_and(struct cli_call *call, bool status, bool dry_run)
{
	PGconn *pg;
	int result;

	if (!cli_config(call))
		return EXIT_CONFIG;
	pg = migrate_connect(call->config->database_url);
	if (pg == NULL)
		return EXIT_FAILED;
	result = status ? show_status(pg) : apply(pg, dry_run);
	PQfinish(pg);
	return result;
}

int cmd_migrate(struct cli_call *call)
{
	bool status = cli_flag(call, "status")->count > 0,
	     dry_run = cli_flag(call, "dry-run")->count > 0,
	     prints = cli_flag(call, "print")->count > 0;

	if (call->word_count > 0)
		return cli_usage("migrate takes no argument, not '%s'", call->words[0]);
	if (status + dry_run + prints > 1)
		return cli_usage("migrate takes one of --status, --dry-run and --print");
	if (!prints && cli_value(call, "from") != NULL)
		return cli_usage("--from goes with --print");
	return prints ? print(call) : connect_and(call, status, dry_run);
}
