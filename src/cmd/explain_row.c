/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_row.c: did the last change of a row make an event, and if not, why? The row's own xmin
 * says which transaction wrote it last.
 *
 * A row that was written in a savepoint has the number of that, and the log has the number of the
 * whole transaction. Nothing says which savepoints a transaction had. So where an older transaction
 * of the log may hold the row's, there is no saying no.
 */
#include "cmd/explain_row.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static void say_watch(struct explain *e, const PGresult *res)
{
	struct report *r = &e->report;
	const char *exclude = row_at(res, ROW_EXCLUDE), *columns = row_at(res, ROW_COLUMNS),
		   *audience = row_at(res, ROW_AUDIENCE);

	report_say(r, REPORT_OK, "watch", NULL, "%s is topic %s, routed by %s",
		   row_at(res, ROW_TABLE), row_at(res, ROW_TOPIC),
		   audience[0] == '\0' ? "nothing" : audience);
	if (strcmp(row_at(res, ROW_ASKED), row_at(res, ROW_TABLE)) != 0)
		report_say(r, REPORT_NOTE, "watch", NULL, "%s is a partition of it",
			   row_at(res, ROW_ASKED));
	if (*row_at(res, ROW_UNHUNG) == 't')
		report_say(r, REPORT_NO, "triggers", NULL, "one is missing: pgherald migrate");
	if (row_at(res, ROW_FAULT) != NULL)
		report_say(r, REPORT_WARNING, "fault", NULL, "its last capture failed: %s",
			   row_at(res, ROW_FAULT));
	if (columns != NULL)
		report_say(r, REPORT_NOTE, "columns", NULL, "only %s are told", columns);
	if (exclude[0] != '\0')
		report_say(r, REPORT_NOTE, "columns", NULL,
			   "%s are excluded: an update of these alone is no event", exclude);
	if (strcmp(row_at(res, ROW_RULES), "0") != 0)
		report_say(r, REPORT_NOTE, "rules", NULL,
			   "%s: a change that fits none of them is no event",
			   row_at(res, ROW_RULES));
}

/* --- the last change --- */

/*
 * Asks for the row (t), its key as events tell it (key), its last event (e), and the last event of
 * its transaction that may stand for it (o): a bulk, or that of a rule whose data has no key.
 *
 * m.xid is the row's transaction with its epoch. m.top: the log has it, so it is no savepoint.
 * m.before: the last tick before the row's transaction began. Those that it had seen are over, and
 * do not hold it.
 */
static char *change_sql(const PGresult *watch, size_t count)
{
	return xasprintf(
		"WITH k AS (SELECT %s), w AS (SELECT w.* FROM herald.watches w WHERE w.id = "
		"$%zu::int),"
		" t AS (SELECT t.xmin::text::bigint AS x, to_jsonb(t.*) AS data FROM %s t, k WHERE "
		"%s"
		"  LIMIT 1),"
		" plain AS (SELECT coalesce((SELECT jsonb_object_agg(n, t.data -> n) FROM t,"
		"  unnest($%zu::text[]) n), jsonb_build_object(%s)) AS key FROM k),"
		" key AS (SELECT p.key AS plain, (SELECT jsonb_object_agg(j.key, CASE WHEN NOT "
		"j.key = ANY"
		"   (ARRAY(SELECT c.name FROM w, herald.text_columns(w) c)) THEN j.value"
		"   WHEN jsonb_typeof(j.value) = 'array' THEN (SELECT jsonb_agg(v) FROM"
		"    jsonb_array_elements_text(j.value) v)"
		"   ELSE to_jsonb(j.value #>> '{}') END) FROM jsonb_each(p.key) j) AS told FROM "
		"plain p),"
		" y AS (SELECT (s - (s - t.x) %% 4294967296)::text::xid8 AS xid, t.x FROM t,"
		"  LATERAL (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint) n (s)),"
		" m AS (SELECT y.xid, EXISTS (SELECT FROM herald.changes c WHERE c.xid = y.xid) AS "
		"top,"
		"  (SELECT k.snapshot FROM herald.ticks k WHERE pg_snapshot_xmax(k.snapshot) <= "
		"y.xid"
		"    ORDER BY k.id DESC LIMIT 1) AS before,"
		"  y.x < 3 OR y.xid < pg_snapshot_xmax((herald.first_tick()).snapshot) AS old FROM "
		"y),"
		" l AS (SELECT c.*, c.xid = m.xid AS same, coalesce(NOT m.top AND c.xid < m.xid AND"
		"   (m.before IS NULL OR NOT pg_visible_in_snapshot(c.xid, m.before)), false) AS "
		"holds"
		"  FROM herald.changes c LEFT JOIN m ON true WHERE c.topic = $%zu::text"
		"   AND NOT EXISTS (SELECT FROM herald.watches x, w, herald.is_default(c, x) d "
		"WHERE"
		"    x.topic = w.topic AND x.id <> w.id AND d)),"
		" e AS (SELECT l.* FROM l, key WHERE l.key @> key.plain OR l.key @> key.told"
		"  OR (l.key IS NULL AND l.event NOT IN ('left', 'bulk', 'schema') AND"
		"   (l.data @> key.plain OR l.data @> key.told))"
		"  OR (l.data ->> 'op' = 'truncate' AND NOT EXISTS (SELECT FROM t))"
		"  ORDER BY l.id DESC LIMIT 1),"
		" o AS (SELECT l.* FROM l WHERE (l.same OR l.holds) AND (l.event = 'bulk' OR "
		"(l.key IS NULL"
		"   AND EXISTS (SELECT FROM herald.rules r, w WHERE r.target = w.target AND "
		"r.event ="
		"    l.event AND r.data IS NOT NULL))) ORDER BY l.event = 'bulk' AND l.same DESC, "
		"l.id DESC"
		"   LIMIT 1)"
		" SELECT EXISTS (SELECT FROM t), e.id, e.event, array_to_string(e.audience, ', '), "
		"e.same,"
		"  e.holds, CASE WHEN e.key IS NOT NULL OR e.data ->> 'op' = 'truncate' THEN "
		"e.data ->> "
		"'op' END,"
		"  e.row_now IS NOT NULL AND NOT EXISTS (SELECT FROM t, jsonb_each(e.row_now) j "
		"WHERE"
		"   (t.data -> j.key = j.value OR t.data ->> j.key = j.value #>> '{}') IS NOT "
		"TRUE),"
		"  o.id, o.event, o.event = 'bulk' AND o.same, m.old"
		" FROM (SELECT) one LEFT JOIN m ON true LEFT JOIN e ON true LEFT JOIN o ON true",
		row_at(watch, ROW_CASTS), count + 3, row_at(watch, ROW_TABLE),
		row_at(watch, ROW_FINDS), count + 2, row_at(watch, ROW_GIVEN), count + 1);
}
enum { THERE, ID, EVENT, SEEN_BY, SAME, HOLDS, OP, ALIKE, OTHER, OTHER_EVENT, BULK, OLD };

static bool is(const PGresult *res, int column)
{
	return *PQgetvalue(res, 0, column) == 't';
}

static void say_event(struct explain *e, const PGresult *res)
{
	report_say(&e->report, REPORT_OK, "event", NULL, "%s, change %s, audience %s",
		   row_at(res, EVENT), row_at(res, ID), row_at(res, SEEN_BY));
	report_say(&e->report, REPORT_NOTE, "next", NULL,
		   "pgherald explain --stream PATH --change %s says who gets it", row_at(res, ID));
}

/* A row is told as it is now, unless the watch leaves something out. */
static bool tells_all(const PGresult *watch)
{
	return row_at(watch, ROW_COLUMNS) == NULL && row_at(watch, ROW_EXCLUDE)[0] == '\0' &&
	       strcmp(row_at(watch, ROW_RULES), "0") == 0;
}

/* The event may be of the row's transaction, or of one before that told nothing after it. */
static void say_perhaps(struct explain *e, const PGresult *res)
{
	bool own = row_at(res, OTHER) == NULL;

	report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
		   "%s, change %s, may be of the transaction that wrote the row last: no more is "
		   "known of savepoints, and of events without a key",
		   row_at(res, own ? EVENT : OTHER_EVENT), row_at(res, own ? ID : OTHER));
}

static void say_none(struct explain *e, const PGresult *res)
{
	struct report *r = &e->report;

	if (is(res, BULK))
		report_say(r, REPORT_NO, "event", NULL,
			   "its transaction told bulk in place of its rows, change %s",
			   row_at(res, OTHER));
	else if (is(res, HOLDS) || row_at(res, OTHER) != NULL)
		say_perhaps(e, res);
	else if (is(res, OLD))
		report_say(r, REPORT_UNKNOWN, "event", NULL,
			   "the row was written before what the log retains: pruned, or before "
			   "the watch");
	else
		report_say(r, REPORT_NO, "event", NULL,
			   "the last transaction that wrote the row told nothing of it: no rule "
			   "fitted, only columns that are not told changed, or it was not watched "
			   "then");
	if (row_at(res, ID) != NULL && !is(res, HOLDS))
		report_say(r, REPORT_NOTE, "before", NULL, "%s, change %s, was an event",
			   row_at(res, EVENT), row_at(res, ID));
}

/* A row that is gone has no transaction any more. Its last event is that of its end, or is not. */
static void say_gone(struct explain *e, const PGresult *res)
{
	const char *op = row_at(res, OP);

	if (row_at(res, ID) == NULL)
		report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
			   "the log has none of a row with this key");
	else if (op == NULL || strcmp(op, "delete") == 0 || strcmp(op, "truncate") == 0)
		say_event(e, res);
	else
		report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
			   "the last one of this key is %s, change %s: the log does not say that "
			   "the row is gone",
			   row_at(res, EVENT), row_at(res, ID));
}

static void say_change(struct explain *e, const PGresult *watch, const PGresult *res)
{
	bool there = is(res, THERE);

	report_say(&e->report, REPORT_NOTE, "row", NULL,
		   there ? "it is there" : "it is not there, or not to be seen by this role");
	if (!there)
		say_gone(e, res);
	else if (is(res, SAME) || (is(res, HOLDS) && is(res, ALIKE) && tells_all(watch)))
		say_event(e, res);
	else
		say_none(e, res);
}

/* Events have times and such as they are in UTC. */
static bool look(struct explain *e, struct row *row)
{
	char *sql = change_sql(row->watch, row->count);
	PGresult *res;

	row->values[row->count] = row_at(row->watch, ROW_TOPIC);
	row->values[row->count + 1] = row_at(row->watch, ROW_NAMES);
	row->values[row->count + 2] = row_at(row->watch, ROW_ID);
	PQclear(PQexec(e->pg, "SET LOCAL TimeZone = 'UTC'"));
	res = explain_query(e, sql, (int)row->count + 3, row->values);
	free(sql);
	if (res == NULL)
		return false;
	say_change(e, row->watch, res);
	PQclear(res);
	return true;
}

/* --- the way --- */

static void say_unwatched(struct explain *e, const PGresult *watch)
{
	const char *kind = row_at(watch, ROW_KIND), *name = row_at(watch, ROW_ASKED);

	if (*kind == 'v' || *kind == 'm')
		report_say(&e->report, REPORT_UNKNOWN, "watch", NULL,
			   "%s is a view: ask for a row of a table that it reads", name);
	else
		report_say(&e->report, REPORT_NO, "watch", NULL,
			   "%s is not watched: pgherald watch %s", name, name);
}

static void say_misfit(struct explain *e, const PGresult *watch)
{
	const char *list = row_at(watch, ROW_LIST);

	if (list == NULL)
		report_say(&e->report, REPORT_UNKNOWN, "row", NULL, "the table has no primary key");
	else
		report_say(&e->report, REPORT_UNKNOWN, "row", NULL,
			   "the primary key has %s columns: give a value for each that fits it "
			   "(%s), joined by commas or as a JSON object",
			   row_at(watch, ROW_KEYS), list);
}

/* False if it could not be asked. */
static bool examine(struct explain *e, struct row *row)
{
	bool fits;

	if (row_at(row->watch, ROW_ID) == NULL) {
		say_unwatched(e, row->watch);
		return true;
	}
	say_watch(e, row->watch);
	if (!row_read_values(row, e, &fits))
		return false;
	if (!fits) {
		say_misfit(e, row->watch);
		return true;
	}
	if (is(row->watch, ROW_TELLS_KEY))
		return look(e, row);
	report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
		   "its events do not tell the primary key (%s)", row_at(row->watch, ROW_LIST));
	return true;
}

/* One snapshot sees all, and times and floats are written as events have them. */
static const char begin[] =
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0;"
	"SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'postgres';"
	"SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1";

int explain_row(struct explain *e, const char *text)
{
	struct row row = {.table = NULL};
	int result = row_read(&row, e->pg, text);

	json_object_object_add(e->report.head, "row", json_object_new_string(text));
	if (result == EXIT_DONE) {
		PQclear(PQexec(e->pg, begin));
		if (!row_read_watch(&row, e) || !examine(e, &row))
			result = EXIT_FAILED;
		PQclear(PQexec(e->pg, "ROLLBACK"));
	}
	row_release(&row);
	return result;
}
