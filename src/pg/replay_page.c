/* SPDX-License-Identifier: PostgreSQL */
#include "pg/replay_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct session_statement replay_statements[REPLAY_STATEMENTS] = {
	{"page",
	 "SELECT * FROM herald.replay($1::bigint, $2::bigint, $3::bigint, $4::text[], $5::text[],"
	 " $6::text[], $7::text[], $8::text[], $9::text[], $10::int, $11::xid8[], $12::bigint)"},
	{"pages", "SELECT * FROM herald.replay_many($1::bigint, $2::bigint, $3::bigint, $4::jsonb, "
		  "$5::int, $6::bigint)"},
};
enum {
	PAGES_PARAMS = 6,
	PAGE_PARAMS = 12,
	PARAM_TOPICS = 3,
	PARAM_EVENTS = 4,
	PARAM_KEYS = 5,
	PARAM_MOST = 9,
	PARAM_SEEN = 10,
	PARAM_BYTES = 11
};

static void add_array(struct buf *text, const char **param, char *const *values, size_t count)
{
	buf_init(text);
	decode_append_array(text, values, count);
	*param = text->data;
}

/* The numbers, as the texts of parameters. */
struct bounds {
	char after_tick[24], after_change[24], upto[24], most[24], bytes[24];
};

static void write_bounds(struct bounds *b, const struct replay_worker *w)
{
	const struct catchup *c = w->catchup;

	snprintf(b->after_tick, sizeof(b->after_tick), "%" PRId64, c->after.tick);
	snprintf(b->after_change, sizeof(b->after_change), "%" PRId64, c->after.change);
	snprintf(b->upto, sizeof(b->upto), "%" PRId64, c->upto_tick);
	snprintf(b->most, sizeof(b->most), "%zu", w->most);
	snprintf(b->bytes, sizeof(b->bytes), "%" PRId64,
		 c->care == CARE_NO_DATA ? -1 : (int64_t)w->replay->data_max);
}

static void send_page(struct replay_worker *w, const struct catchup *c, const struct bounds *b)
{
	const struct stream_def *def = &c->facets->stream->def;
	const struct wanted *wanted = c->facets->wanted;
	const char *params[PAGE_PARAMS] = {
		b->after_tick,          b->after_change,        b->upto,
		[PARAM_MOST] = b->most, [PARAM_SEEN] = c->seen, [PARAM_BYTES] = b->bytes};
	struct buf texts[PAGE_PARAMS];
	char **names;
	size_t count;

	for (size_t i = 0; i < PAGE_PARAMS; i++)
		buf_init(&texts[i]);
	add_array(&texts[PARAM_TOPICS], &params[PARAM_TOPICS], def->topics, def->topic_count);
	if (wanted_left_names(c->facets, &names, &count))
		add_array(&texts[PARAM_EVENTS], &params[PARAM_EVENTS], names, count);
	for (size_t k = 0; k < wanted->count; k++)
		add_array(&texts[PARAM_KEYS + k], &params[PARAM_KEYS + k], wanted->keys[k].values,
			  wanted->keys[k].count);
	conn_run(&w->conn, "page", PAGE_PARAMS, params, CONN_STALL_READ_MS);
	for (size_t i = 0; i < PAGE_PARAMS; i++)
		buf_release(&texts[i]);
	free(names);
}

/* Appends a member such as "name":["a","b"]. A comma precedes it unless it is the first. */
static void append_list(struct buf *out, const char *name, char *const *values, size_t count)
{
	buf_appendf(out, "%s\"%s\":[", out->data[out->len - 1] == '{' ? "" : ",", name);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		buf_append_json(out, values[i], strlen(values[i]));
	}
	buf_append_char(out, ']');
}

/* Appends an element of what herald.replay_many calls facets. */
static void append_facet(struct buf *out, const struct facet *facet)
{
	static const char *const key_names[STREAM_MATCH_MAX] = {"key1", "key2", "key3", "key4"};
	const struct wanted *wanted = facet->wanted;
	char **names;
	size_t count;

	buf_append_char(out, '{');
	append_list(out, "topics", facet->stream->def.topics, facet->stream->def.topic_count);
	if (wanted_left_names(facet, &names, &count))
		append_list(out, "events", names, count);
	for (size_t k = 0; k < wanted->count; k++)
		append_list(out, key_names[k], wanted->keys[k].values, wanted->keys[k].count);
	buf_append_char(out, '}');
	free(names);
}

static void send_pages(struct replay_worker *w, const struct catchup *c, const struct bounds *b)
{
	struct buf facets;

	buf_init(&facets);
	for (size_t i = 0; i < c->facet_count; i++) {
		buf_append_char(&facets, i == 0 ? '[' : ',');
		append_facet(&facets, &c->facets[i]);
	}
	buf_append_char(&facets, ']');
	conn_run(&w->conn, "pages", PAGES_PARAMS,
		 (const char *[]){b->after_tick, b->after_change, b->upto, facets.data, b->most,
				  b->bytes},
		 CONN_STALL_READ_MS);
	buf_release(&facets);
}

void replay_page_send(struct replay_worker *w)
{
	const struct catchup *c = w->catchup;
	struct bounds bounds;

	write_bounds(&bounds, w);
	if (c->facet_count == 1)
		send_page(w, c, &bounds);
	else
		send_pages(w, c, &bounds);
}
