/* SPDX-License-Identifier: PostgreSQL */
#include "gate/multi.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "auth/json.h"
#include "http/params_json.h"
#include "http/pathquery.h"
#include "outlet/outlets.h"
#include "gate/gate.h"

#define NOT_UTF8 "A parameter is not UTF-8"
#define TOO_MANY_PARAMETERS "The request has too many parameters"

/* --- reading --- */

static bool refuse(struct refusal *r, const char *sentence)
{
	refusal_bad_request(r, sentence);
	return false;
}

static bool names_paths(struct text name)
{
	return text_is(name, "paths") || text_is(name, "path");
}

/* Keeps the parameters as JSON, which owns their texts. */
static bool keep_query(struct multi_item *item, const struct params *params,
		       struct refusal *ret_refusal)
{
	char *json = params_json(params);

	item->query = json_parse(json, strlen(json));
	free(json);
	return item->query != NULL || refuse(ret_refusal, NOT_UTF8);
}

/* The request's other parameters count for each path whose query does not say otherwise. */
static bool add_request_params(struct params *params, const struct params *request,
			       struct refusal *ret_refusal)
{
	for (size_t i = 0; i < request->count; i++) {
		if (names_paths(request->items[i].name) || request->items[i].name.len == 0)
			continue;
		if (params->count == PARAMS_MAX)
			return refuse(ret_refusal, TOO_MANY_PARAMETERS);
		params->items[params->count++] = request->items[i];
	}
	return true;
}

static bool has_item(const struct multi *s, const struct multi_item *item)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i].path, item->path) == 0 &&
		    json_object_equal(s->items[i].query, item->query))
			return true;
	return false;
}

static void doubt_item(struct multi_item *item)
{
	free(item->granted);
	free(item->listed);
	free(item->typed);
	item->granted = item->listed = item->typed = NULL;
}

static void release_item(struct multi_item *item)
{
	wanted_release(&item->wanted);
	json_object_put(item->query);
	free(item->path);
	doubt_item(item);
}

/* Reads one path of the list, which is a target of its own. */
static bool read_item(struct multi_item *item, struct text target, const struct params *request,
		      struct refusal *ret_refusal)
{
	static const char *const faults[] = {[PATHQUERY_ESCAPE] =
						     "A path in paths is not percent-encoded well",
					     [PATHQUERY_TEXT] = NOT_UTF8,
					     [PATHQUERY_ROOM] = TOO_MANY_PARAMETERS};
	struct pathquery own;
	enum pathquery_fault fault = pathquery_read(&own, target);
	struct buf joined;
	bool good = fault == PATHQUERY_GOOD || refuse(ret_refusal, faults[fault]);

	buf_init(&joined);
	item->path = xstrdup(own.path);
	params_join(&own.query, "events", &joined);
	good = good && add_request_params(&own.query, request, ret_refusal) &&
	       keep_query(item, &own.query, ret_refusal);
	buf_release(&joined);
	pathquery_release(&own);
	return good;
}

static bool add_item(struct multi *s, struct text target, const struct params *request,
		     struct refusal *ret_refusal)
{
	struct multi_item item = {.path = NULL};
	bool good = read_item(&item, target, request, ret_refusal),
	     known = good && has_item(s, &item);

	if (good && !known && s->count < MULTI_MAX) {
		s->items[s->count++] = item;
		return true;
	}
	release_item(&item);
	return good && (known || refuse(ret_refusal, "At most 16 streams go into one connection"));
}

/*
 * Returns where a path of the list ends, which is at a comma. A comma in its query is the query's
 * unless a slash follows.
 */
static const char *end_of_path(const char *p, const char *end)
{
	bool in_query = false;

	for (; p < end; p++) {
		in_query = in_query || *p == '?';
		if (*p == ',' && (!in_query || p + 1 == end || p[1] == '/'))
			break;
	}
	return p;
}

static bool add_list(struct multi *s, struct text list, const struct params *request,
		     struct refusal *ret_refusal)
{
	const char *end = list.bytes + list.len;

	for (const char *path = list.bytes, *stop; path < end; path = stop + 1) {
		stop = end_of_path(path, end);
		if (stop > path &&
		    !add_item(s, (struct text){path, (size_t)(stop - path)}, request, ret_refusal))
			return false;
	}
	return true;
}

static struct multi *multi_new(size_t most)
{
	return xcalloc(1, sizeof(struct multi) + most * sizeof(struct multi_item));
}

struct multi *multi_parse(const struct params *query, struct refusal *ret_refusal)
{
	struct multi *s = multi_new(MULTI_MAX);
	bool good = true;

	s->joined = true;
	for (size_t i = 0; i < query->count && good; i++)
		if (names_paths(query->items[i].name))
			good = add_list(s, query->items[i].value, query, ret_refusal);
	if (good && s->count > 0)
		return s;
	if (good)
		refuse(ret_refusal,
		       "Name the streams, as in " SELECTION_MULTI_PATH "?paths=/one,/two");
	multi_free(s);
	return NULL;
}

struct multi *multi_of_one(struct stream *stream, const char *path, const struct params *query,
			   struct refusal *ret_refusal)
{
	struct multi *s = multi_new(1);
	struct multi_item *item = &s->items[0];
	int literals;

	s->count = 1;
	item->path = xstrdup(path);
	item->stream = stream;
	(void)params_take_path(&item->params, stream->def.path, item->path, &literals);
	if (item->params.count + query->count > PARAMS_MAX) {
		refuse(ret_refusal, TOO_MANY_PARAMETERS);
	} else if (!params_are_utf8(&item->params)) {
		refuse(ret_refusal, NOT_UTF8);
	} else if (keep_query(item, query, ret_refusal)) {
		params_json_read(item->query, &item->params);
		return s;
	}
	multi_free(s);
	return NULL;
}

void multi_free(struct multi *s)
{
	for (size_t i = 0; s != NULL && i < s->count; i++)
		release_item(&s->items[i]);
	free(s);
}

/* --- what they are --- */

bool multi_find(struct multi *s, const struct catalog *streams)
{
	bool all = true;

	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];

		item->params.count = 0;
		item->stream = catalog_find(streams, item->path, &item->params);
		params_json_read(item->query, &item->params);
		all = all && item->stream != NULL;
	}
	return all;
}

bool multi_is_anonymous(const struct multi *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->items[i].stream->def.anonymous)
			return false;
	return true;
}

const char *multi_name(const struct multi *s)
{
	return s->joined ? SELECTION_MULTI_PATH : s->items[0].path;
}

enum frame_format multi_format(const struct multi *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].stream == NULL || s->items[i].stream->def.format != FRAME_MESSAGE)
			return FRAME_NAMED;
	return FRAME_MESSAGE;
}

/* --- may they be had --- */

static bool share_a_topic(const struct stream_def *a, const struct stream_def *b)
{
	for (size_t i = 0; i < a->topic_count; i++)
		for (size_t k = 0; k < b->topic_count; k++)
			if (strcmp(a->topics[i], b->topics[k]) == 0)
				return true;
	return false;
}

/* An event is sent once, so it can have only one form. */
static bool differ(const struct stream_def *a, const struct stream_def *b)
{
	return (a->format != b->format || a->sealed != b->sealed) && share_a_topic(a, b);
}

static bool fit_together(const struct multi *s, struct refusal *ret_refusal)
{
	char sentence[sizeof(ret_refusal->sentence)];

	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].stream->def.snapshot != NULL) {
			snprintf(sentence, sizeof(sentence),
				 "%.100s begins with a snapshot: it needs a connection of its own",
				 s->items[i].path);
			return refuse(ret_refusal, sentence);
		}
		for (size_t k = 0; k < i; k++)
			if (differ(&s->items[k].stream->def, &s->items[i].stream->def)) {
				snprintf(sentence, sizeof(sentence),
					 "%.100s and %.100s send the same events in different "
					 "forms: one of them needs"
					 " a connection of its own",
					 s->items[k].path, s->items[i].path);
				return refuse(ret_refusal, sentence);
			}
	}
	return true;
}

/* Has the database said yes to it as the stream that it is now? */
static bool is_granted(const struct multi_item *item)
{
	return item->granted != NULL && strcmp(item->granted, item->stream->def.path) == 0;
}

static bool admit(struct multi *s, struct gate *gate, const struct identity *id,
		  const char *address, struct refusal *ret_refusal)
{
	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];
		const struct entitlement_said said = {item->listed, item->typed};

		wanted_release(&item->wanted);
		if (!admission_decide(gate, item->stream, id, &item->params,
				      is_granted(item) ? &said : NULL, address, &item->wanted,
				      ret_refusal))
			return false;
	}
	return !s->joined || fit_together(s, ret_refusal);
}

static bool has_given(const struct multi_item *item)
{
	char *given = entitlement_given(&item->stream->def, &item->wanted);

	free(given);
	return given != NULL;
}

struct multi_item *multi_unasked(struct multi *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];

		if (!is_granted(item) && (stream_def_asks(&item->stream->def) || has_given(item)))
			return item;
	}
	return NULL;
}

static char *copy(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

void multi_grant(struct multi_item *item, const char *path, const struct entitlement_said *said)
{
	doubt_item(item);
	item->granted = xstrdup(path);
	item->listed = copy(said->listed);
	item->typed = copy(said->typed);
}

void multi_doubt(struct multi *s)
{
	for (size_t i = 0; i < s->count; i++)
		doubt_item(&s->items[i]);
}

struct selection *multi_settle(struct multi *s)
{
	struct selection *selection = selection_new(s->count, s->joined);

	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];

		selection_set(selection, i, item->stream, item->wanted,
			      (struct selected){.params = params_json(&item->params),
						.listed = item->listed,
						.typed = item->typed});
		item->wanted = (struct wanted){.count = 0};
		item->listed = item->typed = NULL;
	}
	return selection;
}

enum multi_verdict multi_decide(struct multi *s, struct gate *gate, const struct identity *id,
				const char *address, struct multi_item **ret_item,
				struct refusal *ret_refusal)
{
	if (!multi_find(s, &gate->outlets->router->catalog)) {
		refusal_not_found(ret_refusal);
		return MULTI_REFUSED;
	}
	if (!admit(s, gate, id, address, ret_refusal))
		return MULTI_REFUSED;
	*ret_item = multi_unasked(s);
	return *ret_item == NULL ? MULTI_ADMITTED : MULTI_ASKS;
}

void multi_open(struct multi *s, struct gate *gate, const struct identity *id,
		struct opening *opening)
{
	opening->selection = multi_settle(s);
	holder_init(&opening->holder, id, selection_needs_claims(opening->selection));
	opening_open(gate->outlets, opening);
}
