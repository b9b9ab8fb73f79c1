/* SPDX-License-Identifier: PostgreSQL */
/* model.h: what the random models of the hub share: the router under test, events that were
 * published, and subscribers that take some bytes now and then. What an event is for, and for whom,
 * each model says by itself. Included in the place of hub.h.
 */
#ifndef TESTS_UNIT_MODEL_H
#define TESTS_UNIT_MODEL_H

#include "base/log.h"
#include "hub/router.h"

#include "hub.h"

/* One who is open. ready: its socket takes bytes; it is in no list, and is sent to now and then. */
struct taker {
	struct subscriber sub;
	size_t since; /* number of the event from which on it must get all */
	struct buf got;
	bool ready;
};

static struct router router;
static uint32_t seed;
static size_t resumed, fallen;

static inline uint32_t below(uint32_t limit)
{
	return next_random(&seed) % limit;
}

/* An event's data: a text whose length tells it from its neighbours, inside an object. */
static inline void write_data(struct buf *out, size_t len)
{
	buf_append_str(out, "{\"d\": \"");
	buf_reserve(out, len);
	memset(out->data + out->len, 'x', len);
	out->len += len;
	buf_append_str(out, "\"}");
}

/* What this taker must have got of an event that is for it. */
static inline void expect(const struct taker *t, enum frame_format format, const struct cursor *at,
			  const char *name, size_t len, struct buf *out)
{
	struct buf data;

	buf_init(&data);
	write_data(&data, len);
	len = data.len;
	if (len > sharedlog_record_max(&router.log)) {
		buf_clear(&data);
		buf_appendf(&data, "{\"truncated\": true, \"bytes\": %zu}", len);
	}
	if (t->sub.bare)
		frame_append_bare(out, format, at, text_of(name),
				  (struct text){data.data, data.len});
	else
		frame_append(out, FRAME_EVENTS, format, false, at, text_of(name),
			     (struct text){data.data, data.len});
	buf_release(&data);
}

/* It has got the beginning of what is expected of it; true: all, and from the event `next` on it
 * begins anew. */
static inline bool compare(struct taker *t, const struct buf *expected, size_t next)
{
	assert_true(t->got.len <= expected->len);
	assert_memory_equal(t->got.data, expected->data, t->got.len);
	assert_true(t->sub.live);
	if (t->sub.pending)
		return false;
	assert_int_equal(t->got.len, expected->len);
	t->since = next;
	buf_clear(&t->got);
	return true;
}

/* As the outlets do once a turn. */
static inline void take_touched(void)
{
	while (!list_empty(&router.touched)) {
		struct subscriber *sub = list_first(&router.touched, struct subscriber, touched);

		list_remove(&sub->touched);
		container_of(sub, struct taker, sub)->ready = true;
	}
}

/* False: the log has forgotten what it was to get. */
static inline bool take_some(struct taker *t)
{
	if (subscriber_fell_off(&t->sub, &router.log)) {
		fallen++;
		return false;
	}
	assert_true(!t->sub.pending || t->ready); /* or it would wait for ever */
	if (t->sub.pending)
		send_some(&router, &t->sub, below(4) == 0 ? SIZE_MAX : below(2000), &t->got);
	t->ready = t->sub.pending;
	return true;
}

static inline void begin(struct taker *t)
{
	t->sub = (struct subscriber){.bare = below(4) == 0};
	t->ready = false;
	buf_clear(&t->got);
}

/* Goes on with event number `since` if the log still has it and what follows, `behind` the one
 * before; else with what comes, number `next`. */
static inline void go_live(struct taker *t, size_t since, struct cursor behind, size_t next)
{
	bool held = since > 0 && router_holds_for(&router, &t->sub, behind);

	t->since = held ? since : next;
	resumed += held;
	router_go_live(&router, &t->sub, held ? behind : router.head);
}

#endif
