/* SPDX-License-Identifier: PostgreSQL */
/* multi_read.c: which streams a request names, and with which parameters. */
#include "gate/multi.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "auth/json.h"
#include "http/params_json.h"
#include "http/pathquery.h"
#include "outlet/selection.h"

#define NOT_UTF8 "A parameter is not UTF-8"
#define TOO_MANY_PARAMETERS "The request has too many parameters"

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
	multi_item_release(&item);
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
