/* SPDX-License-Identifier: PostgreSQL */
/* explain_change.c: the change. Where does it stand in the log, and what made it? */
#include "cmd/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "auth/json.h"

#define VALUES_SHOWN 5

void explain_append_values(struct buf *out, struct json_object *array, const char *prefix)
{
	size_t count = 0, len = strlen(prefix);

	for (size_t i = 0; i < json_object_array_length(array); i++) {
		const char *item = json_object_get_string(json_object_array_get_idx(array, i));

		if (item == NULL || strncmp(item, prefix, len) != 0)
			continue;
		if (count++ < VALUES_SHOWN)
			buf_appendf(out, "%s%s", count > 1 ? ", " : "", item + len);
	}
	if (count > VALUES_SHOWN)
		buf_appendf(out, ", … (%zu in all)", count);
	if (count == 0)
		buf_append_str(out, "none");
}

const char *explain_text(struct json_object *about, const char *name)
{
	return json_object_get_string(json_object_object_get(about, name));
}

/* --- where it stands --- */

static void say_absent(struct explain *e, const char *fault, struct json_object *about)
{
	struct report *r = &e->report;
	int64_t id = e->change.change;

	if (strcmp(fault, "ahead") == 0)
		report_say(r, REPORT_NO, "change", NULL, "%" PRId64 " has not been given out yet",
			   id);
	else if (strcmp(fault, "absent") == 0)
		report_say(r, REPORT_NO, "change", NULL,
			   "%" PRId64 " was never committed: its transaction was rolled back", id);
	else if (strcmp(fault, "open") == 0)
		report_say(r, REPORT_UNKNOWN, "change", NULL,
			   "%" PRId64
			   " is not there: its transaction is open still, or was rolled back",
			   id);
	else if (strcmp(fault, "restored") == 0)
		report_say(
			r, REPORT_UNKNOWN, "change", NULL,
			"%" PRId64
			" is not there: the log begins again with tick %s, in a restored database",
			id, explain_text(about, "oldest"));
	else
		report_say(r, REPORT_UNKNOWN, "change", NULL,
			   "%" PRId64 " is below what retention has left, from tick %s on: pruned, "
			   "or never committed",
			   id, explain_text(about, "oldest"));
}

static void say_tick(struct explain *e, struct json_object *about)
{
	const char *fault = explain_text(about, "fault");
	int64_t tick = json_object_get_int64(json_object_object_get(about, "tick"));

	if (fault == NULL && e->change.tick != 0 && e->change.tick != tick)
		report_say(&e->report, REPORT_OK, "tick", NULL,
			   "%" PRId64 ", and not %" PRId64 ": its id is %" PRId64 "-%" PRId64, tick,
			   e->change.tick, tick, e->change.change);
	else if (fault == NULL)
		report_say(&e->report, REPORT_OK, "tick", NULL, "%" PRId64 ", made %s", tick,
			   explain_text(about, "at"));
	else if (strcmp(fault, "unticked") == 0)
		report_say(&e->report, REPORT_NO, "tick", NULL,
			   "in none yet, so nobody has got it: does 'pgherald serve' run?");
	else
		report_say(&e->report, REPORT_UNKNOWN, "tick", NULL,
			   "retention has pruned its tick: a client that had not got it is told "
			   "'reset'");
}

static void say_makers(struct explain *e, struct json_object *makers)
{
	for (size_t i = 0; i < json_object_array_length(makers); i++)
		report_say(&e->report, REPORT_NOTE, i == 0 ? "made by" : "or by", NULL, "%s",
			   json_object_get_string(json_object_array_get_idx(makers, i)));
}

static void say_found(struct explain *e, struct json_object *about)
{
	struct buf audience;

	buf_init(&audience);
	explain_append_values(&audience, json_object_object_get(about, "audience"), "");
	report_say(&e->report, REPORT_OK, "change", NULL, "%s of topic %s, transaction %s",
		   explain_text(about, "event"), explain_text(about, "topic"),
		   explain_text(about, "xid"));
	say_tick(e, about);
	say_makers(e, json_object_object_get(about, "makers"));
	report_say(&e->report, REPORT_NOTE, "audience", NULL, "%s",
		   strcmp(audience.data, "*") == 0 ? "everyone on the topic" : audience.data);
	buf_release(&audience);
}

/*
 * What the log says of the change. Later questions see the same snapshot. NULL if it could not be
 * asked.
 */
static struct json_object *look(struct explain *e)
{
	char id[24];
	const char *params[] = {id};
	struct json_object *about;
	PGresult *res;

	snprintf(id, sizeof(id), "%" PRId64, e->change.change);
	PQclear(PQexec(e->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
	res = explain_query(e, "SELECT herald.explain_change($1::bigint)::text", 1, params);
	if (res == NULL)
		return NULL;
	about = json_parse(PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
	PQclear(res);
	return about;
}

/*
 * A transaction may end after the snapshot and before the look at open transactions. A second look
 * sees its change.
 */
static struct json_object *look_well(struct explain *e)
{
	struct json_object *about = look(e);
	const char *fault = about == NULL ? NULL : explain_text(about, "fault");

	if (fault == NULL || strcmp(fault, "absent") != 0)
		return about;
	json_object_put(about);
	PQclear(PQexec(e->pg, "ROLLBACK"));
	return look(e);
}

bool explain_change(struct explain *e)
{
	struct json_object *about = look_well(e);
	bool good = about != NULL;

	if (good && !json_object_get_boolean(json_object_object_get(about, "found"))) {
		say_absent(e, explain_text(about, "fault"), about);
	} else if (good) {
		say_found(e, about);
		good = e->stream == NULL || explain_verdict(e, about);
	}
	json_object_put(about);
	PQclear(PQexec(e->pg, "ROLLBACK"));
	return good;
}
