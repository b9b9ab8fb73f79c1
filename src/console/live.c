/* SPDX-License-Identifier: PostgreSQL */
#include "console/live.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "auth/json.h"

#define DOT "\xe2\x80\xa2" /* stands for a value */

/* --- what is kept --- */

static void forget(struct live_event *e)
{
	free(e->name);
	free(e->data);
	free(e->audience);
	*e = (struct live_event){.name = NULL};
}

void live_release(struct live *l)
{
	for (size_t i = 0; i < LIVE_MOST; i++)
		forget(&l->events[i]);
	free(l->topic);
	*l = (struct live){.topic = NULL};
}

static char *copy_audience(struct keys keys)
{
	struct buf lines;

	buf_init(&lines);
	for (size_t i = 0; i < keys.count && i < LIVE_AUDIENCE_MAX; i++) {
		buf_append(&lines, keys.items[i].bytes, keys.items[i].len);
		buf_append_char(&lines, '\n');
	}
	return buf_detach(&lines);
}

static void keep(struct live *l, const struct event *event)
{
	struct live_event *e = &l->events[l->count++ % LIVE_MOST];
	bool fits = event->data.len <= LIVE_DATA_MAX;

	forget(e);
	*e = (struct live_event){.at = event->at,
				 .came_ms = clock_wall_ms(),
				 .name = xstrndup(event->name.bytes, event->name.len),
				 .data = fits ? xstrndup(event->data.bytes, event->data.len) : NULL,
				 .bytes = event->left_out > 0 ? event->left_out : event->data.len,
				 .audience = copy_audience(event->audience),
				 .key_count = event->audience.count,
				 .everyone = event->everyone};
}

void live_take(struct live *l, const struct event *event, int64_t now_ms)
{
	if (l->topic == NULL)
		return;
	if (now_ms - l->asked_ms > LIVE_PATIENCE_MS)
		live_release(l);
	else if (text_is(event->topic, l->topic))
		keep(l, event);
}

/* --- what is shown --- */

/* The same value with a dot for each scalar. The caller owns it. */
static struct json_object *masked(struct json_object *value)
{
	struct json_object *same;

	switch (json_object_get_type(value)) {
	case json_type_object:
		same = json_object_new_object();
		json_object_object_foreach(value, name, member)
			json_object_object_add(same, name, masked(member));
		return same;
	case json_type_array:
		same = json_object_new_array();
		for (size_t i = 0; i < json_object_array_length(value); i++)
			json_object_array_add(same, masked(json_object_array_get_idx(value, i)));
		return same;
	default:
		return json_object_new_string(DOT);
	}
}

static void append_data(const struct live_event *e, bool shown, struct buf *out)
{
	struct json_object *parsed, *mask;

	if (e->data == NULL || shown) {
		buf_append_str(out, e->data == NULL ? "null" : e->data);
		return;
	}
	parsed = json_parse(e->data, strlen(e->data));
	mask = masked(parsed);
	buf_append_str(out, json_object_to_json_string_ext(mask, JSON_C_TO_STRING_PLAIN));
	json_object_put(mask);
	json_object_put(parsed);
}

/* A key is "column=value". */
static void append_audience(const struct live_event *e, bool shown, struct buf *out)
{
	const char *comma = "";

	buf_append_char(out, '[');
	for (const char *key = e->audience; *key != '\0';) {
		size_t len = strcspn(key, "\n"), column = strcspn(key, "=\n");

		buf_append_str(out, comma);
		if (shown || column == len)
			buf_append_json(out, key, len);
		else
			buf_appendf(out, "\"%.*s=" DOT "\"", (int)column, key);
		comma = ",";
		key += len + 1;
	}
	buf_append_char(out, ']');
}

static void append_event(const struct live_event *e, uint64_t number, bool shown, struct buf *out)
{
	char at[CURSOR_TEXT_MAX];

	cursor_format(e->at, at);
	buf_appendf(out, "{\"number\":%" PRIu64 ",\"id\":\"%s\",\"came_ms\":%" PRId64 ",\"event\":",
		    number, at, e->came_ms);
	buf_append_json(out, e->name, strlen(e->name));
	buf_appendf(out,
		    ",\"everyone\":%s,\"keys\":%zu,\"audience\":", e->everyone ? "true" : "false",
		    e->key_count);
	append_audience(e, shown, out);
	buf_appendf(out, ",\"bytes\":%zu,\"data\":", e->bytes);
	append_data(e, shown, out);
	buf_append_char(out, '}');
}

static void look_at(struct live *l, struct text topic, int64_t now_ms)
{
	bool same = l->topic != NULL && text_is(topic, l->topic) &&
		    now_ms - l->asked_ms <= LIVE_PATIENCE_MS;

	if (!same) {
		live_release(l);
		l->topic = xstrndup(topic.bytes, topic.len);
	}
	l->asked_ms = now_ms;
}

void live_append(struct live *l, struct text topic, uint64_t after, bool shown, int64_t now_ms,
		 struct buf *out)
{
	uint64_t first;

	look_at(l, topic, now_ms);
	first = l->count > LIVE_MOST ? l->count - LIVE_MOST : 0;
	if (after > first)
		first = after;
	buf_append_str(out, "{\"topic\":");
	buf_append_json(out, l->topic, strlen(l->topic));
	buf_appendf(out, ",\"masked\":%s,\"last\":%" PRIu64 ",\"events\":[",
		    shown ? "false" : "true", l->count);
	for (uint64_t n = first; n < l->count; n++) {
		buf_append_str(out, n == first ? "" : ",");
		append_event(&l->events[n % LIVE_MOST], n + 1, shown, out);
	}
	buf_append_str(out, "]}");
}
