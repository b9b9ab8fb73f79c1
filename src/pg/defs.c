/* SPDX-License-Identifier: PostgreSQL */
#include "pg/defs.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/decode.h"

static void take_match(struct stream_def *def, const PGresult *res)
{
	size_t keys, sources;
	char **names = decode_strings(res, 3, &keys), **values = decode_strings(res, 4, &sources);

	for (size_t i = 0; i < keys && i < STREAM_MATCH_MAX; i++) { /* herald.stream refuses more */
		def->match_key[i] = names[i];
		def->match_source[i] = values[i];
		def->match_count = i + 1;
	}
	free(names);
	free(values);
}

static enum stream_compare compare_of(const char *way)
{
	static const char *const ways[] = {[STREAM_AS_TEXT] = "text",
					   [STREAM_AS_INT] = "int",
					   [STREAM_AS_UUID] = "uuid",
					   [STREAM_AS_TYPE] = "type"};

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		if (strcmp(way, ways[i]) == 0)
			return (enum stream_compare)i;
	return STREAM_AS_TYPE;
}

static void take_compares(struct stream_def *def, const PGresult *res)
{
	size_t count;
	char **ways = decode_strings(res, 11, &count);

	for (size_t i = 0; i < count; i++) {
		if (i < def->match_count)
			def->match_compare[i] = compare_of(ways[i]);
		free(ways[i]);
	}
	free(ways);
}

void defs_take(struct defs *d, const PGresult *res)
{
	struct stream_def def = {0};

	def.path = xstrndup(PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
	def.topics = decode_strings(res, 1, &def.topic_count);
	def.events = decode_strings(res, 2, &def.event_count);
	take_match(&def, res);
	def.require = xstrndup(PQgetvalue(res, 0, 5), (size_t)PQgetlength(res, 0, 5));
	def.format = text_is(decode_text(res, 6), "message") ? FRAME_MESSAGE : FRAME_NAMED;
	def.anonymous = decode_bool(res, 7);
	if (!PQgetisnull(res, 0, 8))
		def.authorize = xstrndup(PQgetvalue(res, 0, 8), (size_t)PQgetlength(res, 0, 8));
	def.sealed = decode_bool(res, 9);
	if (!PQgetisnull(res, 0, 10))
		def.snapshot = xstrndup(PQgetvalue(res, 0, 10), (size_t)PQgetlength(res, 0, 10));
	take_compares(&def, res);
	d->items = xrealloc(d->items, (d->count + 1) * sizeof(*d->items));
	d->items[d->count++] = def;
}

static char *take_text(const PGresult *res, int column)
{
	return xstrndup(PQgetvalue(res, 0, column), (size_t)PQgetlength(res, 0, column));
}

void defs_take_action(struct defs *d, const PGresult *res)
{
	d->actions = xrealloc(d->actions, (d->action_count + 1) * sizeof(*d->actions));
	d->actions[d->action_count++] =
		(struct action_def){take_text(res, 0), take_text(res, 1), take_text(res, 2)};
}

void defs_release(struct defs *d)
{
	for (size_t i = 0; i < d->action_count; i++) {
		free(d->actions[i].method);
		free(d->actions[i].path);
		free(d->actions[i].require);
	}
	free(d->actions);
	for (size_t i = 0; i < d->count; i++)
		stream_def_release(&d->items[i]);
	free(d->items);
	*d = (struct defs){0};
}
