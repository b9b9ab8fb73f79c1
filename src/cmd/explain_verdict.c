/* SPDX-License-Identifier: PostgreSQL */
/* explain_verdict.c: is the change for this subscriber? */
#include "cmd/explain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/decode.h"

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
	explain_append_values(&says, mine, prefix);
	buf_append_str(&says, "; the event's is ");
	if (json_object_array_length(audience) == 1 && first != NULL && strcmp(first, "*") == 0)
		buf_append_str(&says, "everyone");
	else
		explain_append_values(&says, audience, prefix);
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

bool explain_verdict(struct explain *e, struct json_object *about)
{
	const struct stream_def *def = &e->stream->def;
	const char *xid = explain_text(about, "xid"), *event = explain_text(about, "event");
	PGresult *res = ask(e, xid, def->events, def->event_count, def->events == NULL);
	struct wanted wanted;
	bool good = res != NULL;

	if (!good)
		return false;
	say_names(e, is_yes(res, 1), "topic", explain_text(about, "topic"), "the stream's",
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
