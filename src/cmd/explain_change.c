/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain_change.c: the change. Where does it stand in the log, what made it, and is it for the
 * subscriber?
 */
#include "cmd/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/decode.h"
#include "auth/json.h"

#define VALUES_SHOWN 5

/*
 * Appends texts of a JSON array that begin with `prefix`, without the prefix. These are the first
 * few, and how many there are.
 */
static void append_values(struct buf *out, struct json_object *array, const char *prefix)
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

static const char *member_text(struct json_object *change, const char *name)
{
	return json_object_get_string(json_object_object_get(change, name));
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
			id, member_text(about, "oldest"));
	else
		report_say(r, REPORT_UNKNOWN, "change", NULL,
			   "%" PRId64 " is below what retention has left, from tick %s on: pruned, "
			   "or never committed",
			   id, member_text(about, "oldest"));
}

static void say_tick(struct explain *e, struct json_object *about)
{
	const char *fault = member_text(about, "fault");
	int64_t tick = json_object_get_int64(json_object_object_get(about, "tick"));

	if (fault == NULL && e->change.tick != 0 && e->change.tick != tick)
		report_say(&e->report, REPORT_OK, "tick", NULL,
			   "%" PRId64 ", and not %" PRId64 ": its id is %" PRId64 "-%" PRId64, tick,
			   e->change.tick, tick, e->change.change);
	else if (fault == NULL)
		report_say(&e->report, REPORT_OK, "tick", NULL, "%" PRId64 ", made %s", tick,
			   member_text(about, "at"));
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
	append_values(&audience, json_object_object_get(about, "audience"), "");
	report_say(&e->report, REPORT_OK, "change", NULL, "%s of topic %s, transaction %s",
		   member_text(about, "event"), member_text(about, "topic"),
		   member_text(about, "xid"));
	say_tick(e, about);
	say_makers(e, json_object_object_get(about, "makers"));
	report_say(&e->report, REPORT_NOTE, "audience", NULL, "%s",
		   strcmp(audience.data, "*") == 0 ? "everyone on the topic" : audience.data);
	buf_release(&audience);
}

/* --- is it for this subscriber? --- */

/* What ?events= asks for, as the gate reads it. False if the gate refuses it. */
static bool read_filter(const struct explain *e, struct wanted *ret_wanted)
{
	struct params params = e->target.query;
	const struct text *names;
	struct buf joined;
	bool good;

	*ret_wanted = (struct wanted){.count = 0};
	buf_init(&joined);
	params_join(&params, "events", &joined);
	names = params_find(&params, "events");
	good = names == NULL || wanted_narrow(ret_wanted, *names);
	buf_release(&joined);
	return good;
}

/*
 * Asks herald.is_for whether this change is for these events, keys and so on. The row is of
 * herald.explain_for. NULL if it failed, and stderr says why.
 */
static PGresult *ask(struct explain *e, const char *xid, char *const *events, size_t event_count,
		     bool all_events)
{
	const struct stream_def *def = &e->stream->def;
	struct buf texts[6];
	char id[24];
	const char *params[8] = {xid, id};
	PGresult *res;

	snprintf(id, sizeof(id), "%" PRId64, e->change.change);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		buf_init(&texts[i]);
	decode_append_array(&texts[0], def->topics, def->topic_count);
	params[2] = texts[0].data;
	if (!all_events) {
		decode_append_array(&texts[1], events, event_count);
		params[3] = texts[1].data;
	}
	for (size_t k = 0; e->has_keys && k < e->wanted.count; k++) {
		decode_append_array(&texts[2 + k], e->wanted.keys[k].values,
				    e->wanted.keys[k].count);
		params[4 + k] = texts[2 + k].data;
	}
	res = explain_query(
		e,
		"SELECT passes, topic, event, unless, keys[1], keys[2], keys[3], keys[4] FROM "
		"herald.explain_for($1::xid8, $2::bigint,"
		" $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])",
		8, params);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		buf_release(&texts[i]);
	return res;
}

static bool is_yes(const PGresult *res, int column)
{
	return PQntuples(res) == 1 && *PQgetvalue(res, 0, column) == 't';
}

/* Says whether the name is one of these. `whose` is a text such as "the stream's". */
static void say_names(struct explain *e, bool yes, const char *check, const char *name,
		      const char *whose, char *const *names, size_t count)
{
	struct buf list;

	buf_init(&list);
	for (size_t i = 0; i < count; i++)
		buf_appendf(&list, "%s%s", i == 0 ? "" : ", ", names[i]);
	if (!yes)
		report_say(&e->report, REPORT_NO, check, NULL, "%s is none of %s: %s", name, whose,
			   list.data);
	else if (count > 1)
		report_say(&e->report, REPORT_OK, check, NULL, "%s, one of %s: %s", name, whose,
			   list.data);
	else
		report_say(&e->report, REPORT_OK, check, NULL, "%s", name);
	buf_release(&list);
}

static void say_events(struct explain *e, const PGresult *res, const char *event)
{
	const struct stream_def *def = &e->stream->def;

	if (def->events == NULL)
		report_say(&e->report, REPORT_OK, "event", NULL, "%s; the stream has all", event);
	else if (stream_always_carries(text_of(event)))
		report_say(&e->report, is_yes(res, 2) ? REPORT_OK : REPORT_NO, "event", NULL,
			   "%s goes out whatever the stream's events are", event);
	else
		say_names(e, is_yes(res, 2), "event", event, "the stream's", def->events,
			  def->event_count);
}

static struct json_object *values_of(const struct wanted_key *key)
{
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < key->count; i++)
		json_object_array_add(array, json_object_new_string(key->values[i]));
	return array;
}

static void say_key(struct explain *e, size_t k, bool yes, struct json_object *audience)
{
	const struct stream_def *def = &e->stream->def;
	struct json_object *mine = values_of(&e->wanted.keys[k]);
	const char *first = json_object_get_string(json_object_array_get_idx(audience, 0));
	char *prefix = xasprintf("%s=", def->match_key[k]);
	struct buf says;

	buf_init(&says);
	buf_appendf(&says, "%s is ", def->match_source[k]);
	append_values(&says, mine, prefix);
	buf_append_str(&says, "; the event's is ");
	if (json_object_array_length(audience) == 1 && first != NULL && strcmp(first, "*") == 0)
		buf_append_str(&says, "everyone");
	else
		append_values(&says, audience, prefix);
	report_say(&e->report, yes ? REPORT_OK : REPORT_NO, "match", def->match_key[k], "%s",
		   says.data);
	buf_release(&says);
	free(prefix);
	json_object_put(mine);
}

static void say_match(struct explain *e, const PGresult *res, struct json_object *about)
{
	const struct stream_def *def = &e->stream->def;

	if (def->match_count == 0)
		report_say(&e->report, REPORT_NOTE, "match", NULL,
			   "nothing: every event of the topic");
	for (size_t k = 0; k < def->match_count; k++)
		say_key(e, k, is_yes(res, 4 + (int)k), json_object_object_get(about, "audience"));
	if (json_object_object_get(about, "unless") != NULL)
		report_say(&e->report, is_yes(res, 3) ? REPORT_OK : REPORT_NO, "unless", NULL,
			   is_yes(res, 3) ? "the row is not to be seen here any more"
					  : "the row is to be seen here still: that event comes in "
					    "place of this one");
}

/* The names that the stream and the filter both let through. */
static bool say_filter(struct explain *e, const char *xid, const char *event,
		       const struct wanted *wanted)
{
	PGresult *res = ask(e, xid, wanted->names, wanted->name_count, false);

	if (res == NULL)
		return false;
	if (stream_always_carries(text_of(event)))
		report_say(&e->report, is_yes(res, 2) ? REPORT_OK : REPORT_NO, "filter", NULL,
			   "%s goes out whatever is asked for", event);
	else
		say_names(e, is_yes(res, 2), "filter", event, "those asked for", wanted->names,
			  wanted->name_count);
	PQclear(res);
	return true;
}

static bool say_verdict(struct explain *e, struct json_object *about)
{
	const struct stream_def *def = &e->stream->def;
	const char *xid = member_text(about, "xid"), *event = member_text(about, "event");
	PGresult *res = ask(e, xid, def->events, def->event_count, def->events == NULL);
	struct wanted wanted;
	bool good = res != NULL;

	if (!good)
		return false;
	say_names(e, is_yes(res, 1), "topic", member_text(about, "topic"), "the stream's",
		  def->topics, def->topic_count);
	say_events(e, res, event);
	if (!read_filter(e, &wanted))
		report_say(&e->report, REPORT_NO, "filter", NULL,
			   "events names more than %d events", WANTED_NAMES_MAX);
	else if (wanted.name_count > 0)
		good = say_filter(e, xid, event, &wanted);
	wanted_release(&wanted);
	if (e->has_keys) {
		say_match(e, res, about);
		if (!is_yes(res, 0) && e->report.verdict == REPORT_OK)
			report_say(&e->report, REPORT_NO, "herald.is_for", NULL, "says no");
	}
	PQclear(res);
	return good;
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
	const char *fault = about == NULL ? NULL : member_text(about, "fault");

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
		say_absent(e, member_text(about, "fault"), about);
	} else if (good) {
		say_found(e, about);
		good = e->stream == NULL || say_verdict(e, about);
	}
	json_object_put(about);
	PQclear(PQexec(e->pg, "ROLLBACK"));
	return good;
}
