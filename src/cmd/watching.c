/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/watching.h"

#include <stdio.h>
#include <stdlib.h>

#include "pg/migrate.h"

/*
 * What is in force after a call, a line each. A call leaves what it does not say, so this also
 * shows what is as before. Nothing shall go on unnoticed.
 */
static const char in_force[] =
	"SELECT coalesce(max(concat_ws(chr(10), 'topic     ' || w.topic,"
	" 'key       ' || coalesce(nullif(array_to_string(herald.key_columns(w), ', '), ''),"
	"   'none: subscribers cannot tell its rows from each other'),"
	" 'audience  ' || coalesce(nullif(array_to_string(w.audience, ', '), ''), 'none'),"
	" 'columns   ' || CASE WHEN w.columns IS NULL THEN 'all' ELSE "
	"coalesce(nullif(array_to_string(w.columns, ', '), ''), 'none') END,"
	" 'exclude   ' || coalesce(nullif(array_to_string(w.exclude, ', '), ''), 'none'),"
	" 'numbers   ' || w.numbers,"
	" 'events    ' || coalesce((SELECT string_agg(DISTINCT r.event, ', ' ORDER BY r.event) "
	"FROM "
	"herald.rules r WHERE r.target = w.target),"
	"    (SELECT string_agg(w.topic || '.' || op, ', ') FROM "
	"unnest('{insert,update,delete,truncate}'::text[]) op)))), '')"
	"  FROM herald.watches w WHERE w.target = $1::regclass";

bool watching_print(PGconn *pg, const char *table)
{
	char *text = migrate_query_text(pg, in_force, 1, &table);

	if (text != NULL && text[0] != '\0')
		printf("%s\n", text);
	free(text);
	return text != NULL;
}
