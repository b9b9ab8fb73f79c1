/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_row.c: did the last change of a row make an event, and if not, why? The row's own xmin
 * says which transaction wrote it last.
 */
#include "cmd/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cmd/tablename.h"

#define KEYS_MAX 8

/* What is asked for. All texts but `copy` and `table` point into it. */
struct row {
	char *copy; /* owned: "public.orders", and then the key's values */
	const char *table;
	const char *values[KEYS_MAX + 1]; /* after them, the topic */
	size_t count;
};

/* "public.orders:46", or "public.lines:46,2" if the key has two columns. */
static bool read_row(const char *text, struct row *row)
{
	char *colon, *rest, *value;

	*row = (struct row){.copy = xstrdup(text)};
	row->table = row->copy;
	colon = strrchr(row->copy, ':');
	if (colon == NULL || colon == row->copy || colon[1] == '\0')
		return false;
	*colon = '\0';
	rest = colon + 1;
	while (row->count < KEYS_MAX && (value = strsep(&rest, ",")) != NULL)
		row->values[row->count++] = value;
	return rest == NULL;
}

/* --- the watch --- */

static const char watch_sql[] =
	"SELECT format('%I.%I', n.nspname, c.relname), w.topic,"
	" herald.hanging_ddl(w) IS NOT NULL, f.reason, array_to_string(w.exclude, ', '),"
	" array_to_string(w.columns, ', '), array_to_string(w.audience, ', '),"
	" (SELECT count(*) FROM herald.rules r WHERE r.target = w.target),"
	" (SELECT string_agg(format('t.%I = $%s', a.attname, k.at), ' AND ' ORDER BY k.at)"
	"   FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k (n, at), pg_attribute a"
	"  WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.n),"
	" (SELECT string_agg(format('c.key ->> %L = $%s::text', a.attname, k.at), ' AND ' ORDER BY "
	"k.at)"
	"   FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k (n, at), pg_attribute a"
	"  WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid AND a.attnum = k.n),"
	" (SELECT i.indnkeyatts FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)"
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" LEFT JOIN herald.watches w ON w.target = c.oid LEFT JOIN herald.faults f ON f.watch = "
	"w.id"
	" WHERE c.oid = $1::regclass";
enum { TABLE, TOPIC, UNHUNG, FAULT, EXCLUDE, COLUMNS, AUDIENCE, RULES, FINDS, LOGGED, KEYS };

static const char *at(const PGresult *res, int column)
{
	return PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
}

static void say_watch(struct explain *e, const PGresult *res)
{
	struct report *r = &e->report;
	const char *exclude = at(res, EXCLUDE), *columns = at(res, COLUMNS);

	report_say(r, REPORT_OK, "watch", NULL, "%s is topic %s, routed by %s", at(res, TABLE),
		   at(res, TOPIC), at(res, AUDIENCE)[0] == '\0' ? "nothing" : at(res, AUDIENCE));
	if (*at(res, UNHUNG) == 't')
		report_say(r, REPORT_NO, "triggers", NULL, "one is missing: pgherald migrate");
	if (at(res, FAULT) != NULL)
		report_say(r, REPORT_WARNING, "fault", NULL, "its last capture failed: %s",
			   at(res, FAULT));
	if (columns != NULL)
		report_say(r, REPORT_NOTE, "columns", NULL, "only %s are told", columns);
	if (exclude[0] != '\0')
		report_say(r, REPORT_NOTE, "columns", NULL,
			   "%s are excluded: an update of these alone is no event", exclude);
	if (strcmp(at(res, RULES), "0") != 0)
		report_say(r, REPORT_NOTE, "rules", NULL,
			   "%s: a change that fits none of them is no event", at(res, RULES));
}

/* --- the last change --- */

/*
 * The row, and the last event of it. A rule's data has no key, so the values of its members stand
 * for that. A transaction of the row is older than the log if the oldest tick had seen it.
 */
static char *change_sql(const PGresult *res, size_t count)
{
	return xasprintf(
		"WITH t AS (SELECT t.xmin::text::bigint AS x, age(t.xmin) AS age FROM %s t WHERE %s"
		" LIMIT 1), e AS (SELECT c.* FROM herald.changes c WHERE c.topic = $%zu::text"
		" AND ((%s) OR (c.key IS NULL AND c.event NOT IN ('left', 'bulk', 'schema') AND"
		"  EXISTS (SELECT FROM jsonb_each_text(CASE jsonb_typeof(c.data) WHEN 'object'"
		"   THEN c.data ELSE '{}' END) j WHERE j.value = $1::text)))"
		" ORDER BY c.id DESC LIMIT 1)"
		" SELECT t.x IS NOT NULL, e.id, e.event, array_to_string(e.audience, ', '),"
		" (e.xid::text::numeric %% 4294967296)::bigint = t.x, (SELECT c.id FROM"
		"  herald.changes c WHERE c.topic = $%zu::text AND c.event = 'bulk' AND"
		"  (c.xid::text::numeric %% 4294967296)::bigint = t.x ORDER BY c.id DESC LIMIT 1),"
		" t.age > (pg_snapshot_xmax(pg_current_snapshot())::text::bigint -"
		"  pg_snapshot_xmin((herald.first_tick()).snapshot)::text::bigint)"
		" FROM (SELECT) o LEFT JOIN t ON true LEFT JOIN e ON true",
		at(res, TABLE), at(res, FINDS), count + 1, at(res, LOGGED), count + 1);
}
enum { THERE, ID, EVENT, SEEN_BY, SAME, BULK, OLD };

static void say_event(struct explain *e, const PGresult *res)
{
	report_say(&e->report, REPORT_OK, "event", NULL, "%s, change %s, audience %s",
		   at(res, EVENT), at(res, ID), at(res, SEEN_BY));
	report_say(&e->report, REPORT_NOTE, "next", NULL,
		   "pgherald explain --stream PATH --change %s says who gets it", at(res, ID));
}

static void say_none(struct explain *e, const PGresult *res)
{
	struct report *r = &e->report;

	if (at(res, BULK) != NULL)
		report_say(r, REPORT_NO, "event", NULL,
			   "its transaction told bulk in place of its rows, change %s",
			   at(res, BULK));
	else if (at(res, OLD) != NULL && *at(res, OLD) == 't')
		report_say(r, REPORT_UNKNOWN, "event", NULL,
			   "the row was written before what the log retains: pruned, or before "
			   "the watch");
	else
		report_say(r, REPORT_NO, "event", NULL,
			   "the last transaction that wrote the row told nothing of it: no rule "
			   "fitted, only columns that are not told changed, or it was not watched "
			   "then");
	if (at(res, ID) != NULL)
		report_say(r, REPORT_NOTE, "before", NULL, "%s, change %s, was an event",
			   at(res, EVENT), at(res, ID));
}

static void say_change(struct explain *e, const PGresult *res)
{
	bool there = *at(res, THERE) == 't';

	report_say(&e->report, REPORT_NOTE, "row", NULL,
		   there ? "it is there" : "it is not there, or not to be seen by this role");
	if (at(res, ID) != NULL && (!there || *at(res, SAME) == 't'))
		say_event(e, res);
	else if (there)
		say_none(e, res);
	else
		report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
			   "the log has none of a row with this key");
}

static bool look(struct explain *e, const PGresult *watch, struct row *row)
{
	char *sql = change_sql(watch, row->count);
	PGresult *res;

	row->values[row->count] = at(watch, TOPIC);
	res = explain_query(e, sql, (int)row->count + 1, row->values);
	free(sql);
	if (res == NULL)
		return false;
	say_change(e, res);
	PQclear(res);
	return true;
}

/* False if it could not be asked. */
static bool examine(struct explain *e, const PGresult *watch, struct row *row)
{
	if (at(watch, TOPIC) == NULL) {
		report_say(&e->report, REPORT_NO, "watch", NULL,
			   "%s is not watched: pgherald watch %s", at(watch, TABLE),
			   at(watch, TABLE));
		return true;
	}
	say_watch(e, watch);
	if (at(watch, KEYS) == NULL || (size_t)atoi(at(watch, KEYS)) != row->count) {
		report_say(&e->report, REPORT_UNKNOWN, "row", NULL,
			   "the primary key has %s columns: give as many values, joined by commas",
			   at(watch, KEYS) == NULL ? "no" : at(watch, KEYS));
		return true;
	}
	return look(e, watch, row);
}

int explain_row(struct explain *e, const char *text)
{
	struct row row;
	PGresult *watch = NULL;
	bool good = read_row(text, &row);
	int result = good ? EXIT_FAILED
			  : cli_usage("--row is a table and the value of its primary key, such as "
				      "public.orders:46");

	if (good && tablename_is_known(e->pg, row.table))
		watch = explain_query(e, watch_sql, 1, &row.table);
	json_object_object_add(e->report.head, "row", json_object_new_string(text));
	if (watch != NULL && PQntuples(watch) == 1 && examine(e, watch, &row))
		result = EXIT_DONE;
	PQclear(watch);
	free(row.copy);
	return result;
}
