/* SPDX-License-Identifier: PostgreSQL */
/*
 * takeaway.c: takes away a stream, an action or rules. SQL does nothing where there is none. Here a
 * name that was misspelt shall not go unnoticed.
 */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>

#include "pg/migrate.h"
#include "cmd/open.h"
#include "cmd/tablename.h"
#include "cmd/watching.h"

/*
 * Runs a statement that yields how many there were. False if there were none, or it failed. Then
 * stderr says so.
 */
static bool take(PGconn *pg, const char *sql, int count, const char *const *params,
		 const char *none)
{
	char *text = migrate_query_text(pg, sql, count, params);
	bool found = text != NULL && atoi(text) > 0;

	if (text != NULL && !found)
		fprintf(stderr, "pgherald: %s\n", none);
	free(text);
	return found;
}

/* Rules of the table, of one event or of all. */
static bool take_rules(PGconn *pg, const char *const params[2])
{
	static const char counted[] =
		"WITH n AS MATERIALIZED (SELECT count(*) AS c FROM herald.rules r"
		" WHERE r.target = $1::regclass AND r.event = coalesce($2, r.event))"
		" SELECT c FROM n, LATERAL (SELECT herald.unrule($1::regclass, $2) WHERE c > 0"
		" UNION ALL SELECT NULL WHERE c = 0) u";

	return take(pg, counted, 2, params,
		    "the table has no such rule: 'pgherald rules' lists those that there are");
}

int cmd_unstream(struct cli_call *call)
{
	bool taken;
	int result;
	PGconn *pg;

	if (call->word_count != 1)
		return cli_usage("unstream takes one path, such as /my/orders");
	pg = open_database(call, &result);
	if (pg == NULL)
		return result;
	taken = take(pg,
		     "SELECT count(*) FROM herald.streams s, herald.unstream(s.path)"
		     " WHERE s.path = $1",
		     1, call->words,
		     "there is no such stream: 'pgherald streams' lists those that there are");
	PQfinish(pg);
	if (taken)
		printf("there is no stream %s any more\n", call->words[0]);
	return taken ? EXIT_DONE : EXIT_FAILED;
}

int cmd_unaction(struct cli_call *call)
{
	bool taken;
	int result;
	PGconn *pg;

	if (call->word_count != 2)
		return cli_usage("unaction takes a method and a path, such as POST /api/orders");
	pg = open_database(call, &result);
	if (pg == NULL)
		return result;
	taken = take(pg,
		     "SELECT count(*) FROM herald.actions a, herald.unaction(a.method, a.path)"
		     " WHERE a.method = $1 AND a.path = $2",
		     2, call->words,
		     "there is no such action: 'pgherald actions' lists those that there are");
	PQfinish(pg);
	if (taken)
		printf("there is no action %s %s any more\n", call->words[0], call->words[1]);
	return taken ? EXIT_DONE : EXIT_FAILED;
}

/* Takes them, and says what is in force then. */
static int unrule(PGconn *pg, const char *table, const char *event)
{
	const char *params[] = {table, event};

	if (!tablename_is_known(pg, table) || !take_rules(pg, params))
		return EXIT_FAILED;
	printf("watching %s\n", table);
	return watching_print(pg, table) ? EXIT_DONE : EXIT_FAILED;
}

int cmd_unrule(struct cli_call *call)
{
	int result;
	PGconn *pg;

	if (call->word_count < 1 || call->word_count > 2)
		return cli_usage("unrule takes a table, and perhaps an event");
	pg = open_database(call, &result);
	if (pg == NULL)
		return result;
	result = unrule(pg, call->words[0], call->word_count == 2 ? call->words[1] : NULL);
	PQfinish(pg);
	return result;
}
