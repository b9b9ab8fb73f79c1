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

static void release(struct live_topic *t)
{
	for (size_t i = 0; i < LIVE_MOST; i++)
		forget(&t->events[i]);
	free(t->name);
	*t = (struct live_topic){.name = NULL};
}

void live_release(struct live *l)
{
	for (size_t i = 0; i < LIVE_TOPICS_MOST; i++)
		release(&l->topics[i]);
}

static size_t kept_keys(struct keys keys)
{
	return keys.count < LIVE_AUDIENCE_MAX ? keys.count : LIVE_AUDIENCE_MAX;
}

static char *copy_audience(struct keys keys)
{
	struct buf texts;

	buf_init(&texts);
	for (size_t i = 0; i < kept_keys(keys); i++) {
		buf_append(&texts, keys.items[i].bytes, keys.items[i].len);
		buf_append_char(&texts, '\0');
	}
	return buf_detach(&texts);
}

static void keep(struct live_topic *t, const struct event *event)
{
	struct live_event *e = &t->events[t->count++ % LIVE_MOST];
	bool fits = event->data.len <= LIVE_DATA_MAX;

	forget(e);
	*e = (struct live_event){.at = event->at,
				 .came_ms = clock_wall_ms(),
				 .name = xstrndup(event->name.bytes, event->name.len),
				 .data = fits ? xstrndup(event->data.bytes, event->data.len) : NULL,
				 .bytes = event->left_out > 0 ? event->left_out : event->data.len,
				 .audience = copy_audience(event->audience),
				 .kept = kept_keys(event->audience),
				 .key_count = event->audience.count,
				 .everyone = event->everyone};
}

static bool is_over(const struct live_topic *t, int64_t now_ms)
{
	return t->name == NULL || now_ms - t->asked_ms > LIVE_PATIENCE_MS;
}

void live_take(struct live *l, const struct event *event, int64_t now_ms)
{
	for (size_t i = 0; i < LIVE_TOPICS_MOST; i++) {
		struct live_topic *t = &l->topics[i];

		if (t->name == NULL)
			continue;
		if (is_over(t, now_ms))
			release(t);
		else if (text_is(event->topic, t->name))
			keep(t, event);
	}
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

/* A key is "column=value". One that is not has no part that may be shown. */
static void append_key(const char *key, bool shown, struct buf *out)
{
	const char *equals = strchr(key, '=');
	struct buf mask;

	if (shown) {
		buf_append_json(out, key, strlen(key));
		return;
	}
	buf_init(&mask);
	if (equals != NULL)
		buf_append(&mask, key, (size_t)(equals + 1 - key));
	buf_append_str(&mask, DOT);
	buf_append_json(out, mask.data, mask.len);
	buf_release(&mask);
}

static void append_audience(const struct live_event *e, bool shown, struct buf *out)
{
	const char *key = e->audience;

	buf_append_char(out, '[');
	for (size_t i = 0; i < e->kept; i++, key += strlen(key) + 1) {
		buf_append_str(out, i == 0 ? "" : ",");
		append_key(key, shown, out);
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

/* The topic that is looked at, or a free place for it. NULL if there is none. */
static struct live_topic *find(struct live *l, struct text name, int64_t now_ms)
{
	struct live_topic *spare = NULL;

	for (size_t i = 0; i < LIVE_TOPICS_MOST; i++) {
		struct live_topic *t = &l->topics[i];

		if (is_over(t, now_ms))
			spare = t;
		else if (text_is(name, t->name))
			return t;
	}
	if (spare != NULL) {
		release(spare);
		spare->name = xstrndup(name.bytes, name.len);
	}
	return spare;
}

bool live_append(struct live *l, struct text topic, uint64_t after, bool shown, int64_t now_ms,
		 struct buf *out)
{
	struct live_topic *t = find(l, topic, now_ms);
	uint64_t first;

	if (t == NULL)
		return false;
	t->asked_ms = now_ms;
	first = t->count > LIVE_MOST ? t->count - LIVE_MOST : 0;
	if (after > first)
		first = after;
	buf_append_str(out, "{\"topic\":");
	buf_append_json(out, t->name, strlen(t->name));
	buf_appendf(out, ",\"masked\":%s,\"last\":%" PRIu64 ",\"events\":[",
		    shown ? "false" : "true", t->count);
	for (uint64_t n = first; n < t->count; n++) {
		buf_append_str(out, n == first ? "" : ",");
		append_event(&t->events[n % LIVE_MOST], n + 1, shown, out);
	}
	buf_append_str(out, "]}");
	return true;
}
