/* SPDX-License-Identifier: PostgreSQL */
/* uninstall.c: the command. It says what it will take away, asks, and does it or none of it. */
#include "cmd/uninstall.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pg/migrate.h"
#include "cmd/cmd.h"
#include "cmd/consent.h"

/*
 * All tables that lose a trigger are locked at once, so it is tried a moment at a time, as watch
 * does (patience.sql). The function may drop itself. A schema in parts may lack it.
 */
static const char patiently[] =
	"SELECT herald.patiently($1, ARRAY(SELECT t.tgrelid FROM pg_trigger t JOIN pg_proc p"
	" ON p.oid = t.tgfoid WHERE p.pronamespace = 'herald'::regnamespace"
	" UNION SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'herald'::regnamespace"
	" AND c.relkind = 'r'))";

static bool drop(PGconn *pg, const char *ddl)
{
	int patient =
		migrate_query_yes(pg,
				  "SELECT to_regprocedure('herald.patiently(text, oid[], interval, "
				  "text[], int)') IS NOT NULL",
				  0, NULL);

	if (patient > 0)
		return migrate_exec(pg, patiently, 1, &ddl);
	return patient == 0 && migrate_exec(pg, "SET LOCAL lock_timeout = '5s'", 0, NULL) &&
	       migrate_exec(pg, ddl, 0, NULL);
}

/* Another session may have made a view since the survey. */
bool uninstall_take(PGconn *pg)
{
	char *ddl = uninstall_is_free(pg) ? uninstall_ddl(pg) : NULL;
	bool good = ddl != NULL && drop(pg, ddl);

	free(ddl);
	return good;
}

static int take(PGconn *pg)
{
	if (migrate_exec(pg, "BEGIN", 0, NULL) && uninstall_take(pg) &&
	    migrate_exec(pg, "COMMIT", 0, NULL)) {
		printf("pgherald is out of database '%s'\n", PQdb(pg));
		return EXIT_DONE;
	}
	PQclear(PQexec(pg, "ROLLBACK"));
	return EXIT_FAILED;
}

/* Another role would fail at the first table that it may not read. */
static bool is_owner(PGconn *pg)
{
	char *owner = migrate_query_text(
		pg,
		"SELECT CASE WHEN pg_has_role(n.nspowner, 'USAGE') THEN '' ELSE"
		" n.nspowner::regrole::text END FROM pg_namespace n WHERE n.nspname = 'herald'",
		0, NULL);
	bool is = owner != NULL && owner[0] == '\0';

	if (owner != NULL && !is)
		fprintf(stderr,
			"pgherald: nothing was changed. The schema herald belongs to role %s, and "
			"role %s may not take it away: connect as that one, or as a superuser\n",
			owner, PQuser(pg));
	free(owner);
	return is;
}

static int uninstall(PGconn *pg, struct cli_call *call)
{
	int there = migrate_query_yes(pg, "SELECT to_regnamespace('herald') IS NOT NULL", 0, NULL),
	    result;

	if (there == 0) {
		printf("there is no schema herald in database '%s'\n", PQdb(pg));
		return EXIT_DONE;
	}
	if (there < 0 || !is_owner(pg) || !uninstall_is_free(pg))
		return EXIT_FAILED;
	printf("This goes from database '%s', all of it or nothing:\n", PQdb(pg));
	if (!uninstall_survey(pg))
		return EXIT_FAILED;
	result = consent_ask(call, "uninstall");
	return result == EXIT_DONE ? take(pg) : result;
}

int cmd_uninstall(struct cli_call *call)
{
	PGconn *pg;
	int result;

	if (call->word_count > 0)
		return cli_usage("uninstall takes no argument, not '%s'", call->words[0]);
	if (!cli_config(call))
		return EXIT_CONFIG;
	pg = migrate_connect(call->config->database_url);
	if (pg == NULL)
		return EXIT_FAILED;
	result = uninstall(pg, call);
	PQfinish(pg);
	return result;
}
