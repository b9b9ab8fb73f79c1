/* SPDX-License-Identifier: PostgreSQL */
/* hub.h: streams, events and subscribers for the tests of the hub. Included last, it brings unit.h.
 */
#ifndef TESTS_UNIT_HUB_H
#define TESTS_UNIT_HUB_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "hub/router.h"

#include "unit.h"

#define T(literal) ((struct text){literal, sizeof(literal) - 1})
#define TEXTS(...)            \
	(const struct text[]) \
	{                     \
		__VA_ARGS__   \
	}
#define KEYS(...) \
	((struct keys){TEXTS(__VA_ARGS__), sizeof(TEXTS(__VA_ARGS__)) / sizeof(struct text)})
#define NOBODY ((struct keys){NULL, 0})
#define AT(tick, change) ((struct cursor){tick, change})

/* "a,b" as two strings of their own; NULL as none. */
static inline char **split(const char *list, size_t *ret_count)
{
	char **pieces = list == NULL ? NULL : xcalloc(strlen(list) + 1, sizeof(*pieces));

	*ret_count = 0;
	for (size_t len; list != NULL; list = list[len] == ',' ? list + len + 1 : NULL) {
		len = strcspn(list, ",");
		pieces[(*ret_count)++] = xstrndup(list, len);
	}
	return pieces;
}

/* Lists are joined by commas; match and events may be NULL. */
static inline struct stream_def make_def(const char *path, const char *topics, const char *match,
					 const char *events)
{
	struct stream_def def = {.path = xstrdup(path), .require = xstrdup("{}")};
	char **keys = split(match, &def.match_count);

	def.topics = split(topics, &def.topic_count);
	def.events = split(events, &def.event_count);
	for (size_t i = 0; i < def.match_count; i++) {
		def.match_key[i] = keys[i];
		def.match_source[i] = xasprintf("claims.%s", keys[i]);
	}
	free(keys);
	return def;
}

/* The router takes the texts of the defs over, not the array. */
static inline bool define(struct router *r, struct stream_def *defs, size_t count)
{
	bool news = router_define(r, defs, count);

	for (size_t i = 0; i < count; i++)
		assert_null(defs[i].path);
	return news;
}

static inline struct stream *stream_at(const struct router *r, const char *path)
{
	return strmap_get(&r->catalog.streams, path, strlen(path));
}

static inline void join(struct router *r, struct subscriber *sub, const char *path,
			struct keys keys)
{
	struct stream *s = stream_at(r, path);
	struct buf made;
	uint32_t count;

	assert_non_null(s);
	buf_init(&made);
	count = stream_append_keys(s, keys, SIZE_MAX, &made);
	router_join(r, sub, s, made.data, count);
	buf_release(&made);
}

static inline void join_live(struct router *r, struct subscriber *sub, const char *path,
			     struct keys keys)
{
	join(r, sub, path, keys);
	router_go_live(r, sub, r->head);
}

/* Sends up to limit bytes of what one gather has; the bytes go to out. False when there was nothing
 * to send. */
static inline bool send_some(struct router *r, struct subscriber *sub, size_t limit,
			     struct buf *out)
{
	struct gather g;
	size_t left;

	subscriber_gather(sub, &r->log, &g);
	left = g.bytes < limit ? g.bytes : limit;
	limit = left;
	for (int i = 0; i < g.count && left > 0; i++) {
		size_t len = g.iov[i].iov_len < left ? g.iov[i].iov_len : left;

		buf_append(out, g.iov[i].iov_base, len);
		left -= len;
	}
	subscriber_advance(sub, &r->log, &g, limit);
	return g.bytes > 0;
}

static inline void send_all(struct router *r, struct subscriber *sub, struct buf *out)
{
	while (sub->pending) {
		assert_false(subscriber_fell_off(sub, &r->log));
		send_some(r, sub, SIZE_MAX, out);
	}
}

/* How often this subscriber is among the touched; a list that does not end is cut off. */
static inline size_t times_touched(const struct router *r, const struct subscriber *sub)
{
	size_t times = 0, steps = 0;

	for (const struct list *node = r->touched.next; node != &r->touched && steps < 1000;
	     node = node->next, steps++)
		times += node == &sub->touched;
	assert_true(steps < 1000);
	return times;
}

/* The data of what it is sent next, each followed by a blank: "1 2 ". Only what the router touched
 * is sent anything. */
static inline void assert_sees(struct router *r, struct subscriber *sub, const char *expected)
{
	struct buf bytes, data;
	const char *line;

	buf_init(&bytes);
	buf_init(&data);
	assert_int_equal(times_touched(r, sub), sub->pending);
	list_remove(&sub->touched);
	send_all(r, sub, &bytes);
	for (line = strstr(bytes.data, "data: "); line != NULL; line = strstr(line, "data: ")) {
		line += strlen("data: ");
		buf_append(&data, line, strcspn(line, "\n"));
		buf_append_char(&data, ' ');
	}
	assert_string_equal(data.data, expected);
	buf_release(&bytes);
	buf_release(&data);
}

#endif
