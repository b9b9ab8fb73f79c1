/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_row.c: did the last change of a row make an event, and if not, why? The database answers
 * (sql/functions/explain_row.sql). Here it is put into sentences.
 */
#include "cmd/explain_row.h"

#include <string.h>

/* What is known of the table, or of the watched one that it is a partition of. */
static const char table_sql[] =
	"SELECT t.asked_name, t.kind, t.name, t.watch, t.topic, t.unhung, t.fault, t.exclude,"
	" t.columns, t.audience, t.rules, t.tells_key, cardinality(t.keys),"
	" array_to_string(t.keys, ', ') FROM herald.explain_table($1::regclass) t";
enum {
	ASKED, /* the table that was named */
	KIND,
	TABLE, /* the one that is watched */
	WATCH, /* NULL if there is none, like all that follow but the key's */
	TOPIC,
	UNHUNG,
	FAULT,
	EXCLUDE,
	COLUMNS,
	AUDIENCE,
	RULES,
	TELLS_KEY, /* do its events have the key? */
	KEYS,      /* how many columns the primary key has */
	LIST,      /* their names */
};

/* The values of the key, NULL if they do not fit, and what the log has of the row. */
static const char key_sql[] = "SELECT herald.explain_key($1::regclass, $2)";
static const char row_sql[] =
	"SELECT r.there, r.id, r.event, r.audience, r.same, r.holds, r.op, r.alike, r.other,"
	" r.other_event, r.instead, r.old FROM herald.explain_row($1::int, $2::text[]) r";
enum { THERE, ID, EVENT, SEEN_BY, SAME, HOLDS, OP, ALIKE, OTHER, OTHER_EVENT, INSTEAD, OLD };

/* A column of the first row. NULL for NULL. Borrowed. */
static const char *at(const PGresult *res, int column)
{
	return PQgetisnull(res, 0, column) ? NULL : PQgetvalue(res, 0, column);
}

static bool is(const PGresult *res, int column)
{
	return *PQgetvalue(res, 0, column) == 't';
}

/* --- the watch --- */

static void say_watch(struct explain *e, const PGresult *res)
{
	struct report *r = &e->report;
	const char *exclude = at(res, EXCLUDE), *columns = at(res, COLUMNS),
		   *audience = at(res, AUDIENCE);

	report_say(r, REPORT_OK, "watch", NULL, "%s is topic %s, routed by %s", at(res, TABLE),
		   at(res, TOPIC), audience[0] == '\0' ? "nothing" : audience);
	if (strcmp(at(res, ASKED), at(res, TABLE)) != 0)
		report_say(r, REPORT_NOTE, "watch", NULL, "%s is a partition of it",
			   at(res, ASKED));
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

static void say_event(struct explain *e, const PGresult *res)
{
	report_say(&e->report, REPORT_OK, "event", NULL, "%s, change %s, audience %s",
		   at(res, EVENT), at(res, ID), at(res, SEEN_BY));
	report_say(&e->report, REPORT_NOTE, "next", NULL,
		   "pgherald explain --stream PATH --change %s says who gets it", at(res, ID));
}

/* A row is told as it is now, unless the watch leaves something out. */
static bool tells_all(const PGresult *watch)
{
	return at(watch, COLUMNS) == NULL && at(watch, EXCLUDE)[0] == '\0' &&
	       strcmp(at(watch, RULES), "0") == 0;
}

/* The event may be of the row's transaction, or of one before that told nothing after it. */
static void say_perhaps(struct explain *e, const PGresult *res)
{
	bool own = at(res, OTHER) == NULL;

	report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
		   "%s, change %s, may be of the transaction that wrote the row last: no more is "
		   "known of savepoints, and of events without a key",
		   at(res, own ? EVENT : OTHER_EVENT), at(res, own ? ID : OTHER));
}

static void say_none(struct explain *e, const PGresult *res)
{
	struct report *r = &e->report;

	if (is(res, INSTEAD))
		report_say(r, REPORT_NO, "event", NULL,
			   "its transaction told bulk in place of its rows, change %s",
			   at(res, OTHER));
	else if (is(res, HOLDS) || at(res, OTHER) != NULL)
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
	if (at(res, ID) != NULL && !is(res, HOLDS))
		report_say(r, REPORT_NOTE, "before", NULL, "%s, change %s, was an event",
			   at(res, EVENT), at(res, ID));
}

/* A row that is gone has no transaction any more. Its last event is that of its end, or is not. */
static void say_gone(struct explain *e, const PGresult *res)
{
	const char *op = at(res, OP);

	if (at(res, ID) == NULL)
		report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
			   "the log has none of a row with this key");
	else if (op == NULL || strcmp(op, "delete") == 0 || strcmp(op, "truncate") == 0)
		say_event(e, res);
	else
		report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
			   "the last one of this key is %s, change %s: the log does not say that "
			   "the row is gone",
			   at(res, EVENT), at(res, ID));
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

/* False if it could not be asked, here and below. */
static bool look(struct explain *e, const PGresult *watch, const char *key)
{
	const char *params[] = {at(watch, WATCH), key};
	PGresult *res = explain_query(e, row_sql, 2, params);

	if (res == NULL)
		return false;
	say_change(e, watch, res);
	PQclear(res);
	return true;
}

/* --- the way --- */

static void say_unwatched(struct explain *e, const PGresult *watch)
{
	const char *kind = at(watch, KIND), *name = at(watch, ASKED);

	if (*kind == 'v' || *kind == 'm')
		report_say(&e->report, REPORT_UNKNOWN, "watch", NULL,
			   "%s is a view: ask for a row of a table that it reads", name);
	else
		report_say(&e->report, REPORT_NO, "watch", NULL,
			   "%s is not watched: pgherald watch %s", name, name);
}

static void say_misfit(struct explain *e, const PGresult *watch)
{
	const char *list = at(watch, LIST);

	if (list[0] == '\0')
		report_say(&e->report, REPORT_UNKNOWN, "row", NULL, "the table has no primary key");
	else
		report_say(&e->report, REPORT_UNKNOWN, "row", NULL,
			   "the primary key has %s columns: give a value for each that fits it "
			   "(%s), joined by commas or as a JSON object",
			   at(watch, KEYS), list);
}

static bool examine_key(struct explain *e, const PGresult *watch, const char *key)
{
	const char *params[] = {at(watch, TABLE), key};
	PGresult *res = explain_query(e, key_sql, 2, params);
	bool asked = res != NULL;

	if (asked && at(res, 0) == NULL)
		say_misfit(e, watch);
	else if (asked && is(watch, TELLS_KEY))
		asked = look(e, watch, at(res, 0));
	else if (asked)
		report_say(&e->report, REPORT_UNKNOWN, "event", NULL,
			   "its events do not tell the primary key (%s)", at(watch, LIST));
	PQclear(res);
	return asked;
}

static bool examine(struct explain *e, const struct row *row)
{
	const char *table = row->table;
	PGresult *watch = explain_query(e, table_sql, 1, &table);
	bool asked = watch != NULL;

	if (asked && at(watch, WATCH) == NULL) {
		say_unwatched(e, watch);
	} else if (asked) {
		say_watch(e, watch);
		asked = examine_key(e, watch, row->key);
	}
	PQclear(watch);
	return asked;
}

int explain_row(struct explain *e, const char *text)
{
	struct row row = {.table = NULL};
	int result = row_read(&row, e->pg, text);

	json_object_object_add(e->report.head, "row", json_object_new_string(text));
	if (result == EXIT_DONE) {
		/* One snapshot sees all. */
		PQclear(PQexec(e->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
				      "SET LOCAL statement_timeout = 0"));
		if (!examine(e, &row))
			result = EXIT_FAILED;
		PQclear(PQexec(e->pg, "ROLLBACK"));
	}
	row_release(&row);
	return result;
}
