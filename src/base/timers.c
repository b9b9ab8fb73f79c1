/* SPDX-License-Identifier: PostgreSQL */
#include "base/timers.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "base/xalloc.h"

#define CAP_MIN 16

static bool earlier(const struct timer *a, const struct timer *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->seq < b->seq;
}

static void put_at(struct timers *ts, size_t at, struct timer *t)
{
	ts->heap[at] = t;
	t->at = at + 1;
}

/* Finds the place of t at or above the free place. */
static void sift_up(struct timers *ts, size_t at, struct timer *t)
{
	while (at > 0) {
		size_t parent = (at - 1) / 2;

		if (!earlier(t, ts->heap[parent]))
			break;
		put_at(ts, at, ts->heap[parent]);
		at = parent;
	}
	put_at(ts, at, t);
}

/* Finds the place of t at or below the free place. */
static void sift_down(struct timers *ts, size_t at, struct timer *t)
{
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < ts->count && earlier(ts->heap[child + 1], ts->heap[child]))
			child++;
		if (child >= ts->count || !earlier(ts->heap[child], t))
			break;
		put_at(ts, at, ts->heap[child]);
		at = child;
	}
	put_at(ts, at, t);
}

/* The last timer takes the free place. It comes from another branch, so it may belong higher up. */
static void fill_gap(struct timers *ts, size_t at)
{
	struct timer *last = ts->heap[--ts->count];

	if (at == ts->count)
		return;
	if (at > 0 && earlier(last, ts->heap[(at - 1) / 2]))
		sift_up(ts, at, last);
	else
		sift_down(ts, at, last);
}

static void make_room(struct timers *ts)
{
	if (ts->count < ts->cap)
		return;
	ts->cap = ts->cap > 0 ? ts->cap * 2 : CAP_MIN;
	ts->heap = xrealloc(ts->heap, ts->cap * sizeof(struct timer *));
}

void timers_init(struct timers *ts)
{
	*ts = (struct timers){.floor_ms = INT64_MIN};
}

void timers_release(struct timers *ts)
{
	while (ts->count > 0)
		ts->heap[--ts->count]->at = 0;
	free(ts->heap);
	timers_init(ts);
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
	*t = (struct timer){.fire = fire};
}

void timers_set(struct timers *ts, struct timer *t, int64_t due_ms)
{
	assert(t->fire != NULL); /* timer_init was forgotten */
	timers_stop(ts, t);
	make_room(ts);
	t->due_ms = due_ms > ts->floor_ms ? due_ms : ts->floor_ms;
	t->seq = ++ts->last_seq;
	sift_up(ts, ts->count++, t);
}

void timers_stop(struct timers *ts, struct timer *t)
{
	size_t at = t->at;

	if (at == 0)
		return;
	t->at = 0;
	fill_gap(ts, at - 1);
}

/*
 * A timer that a callback sets must wait for the next call. Otherwise two timers that keep setting
 * each other to a past time would hold the loop for ever. Such a timer gets a higher number than
 * all that were there before. Its time is not before now_ms (floor_ms). So it sorts after
 * everything that this call has to fire. The first number that is too high ends the call.
 */
size_t timers_fire(struct timers *ts, int64_t now_ms)
{
	uint64_t end_seq = ts->last_seq;
	size_t fired = 0;

	ts->floor_ms = now_ms;
	while (ts->count > 0) {
		struct timer *t = ts->heap[0];

		if (t->due_ms > now_ms || t->seq > end_seq)
			break;
		timers_stop(ts, t);
		t->fire(t); /* may free t */
		fired++;
	}
	ts->floor_ms = INT64_MIN;
	return fired;
}

int timers_wait_ms(const struct timers *ts, int64_t now_ms)
{
	int64_t wait_ms;

	if (ts->count == 0)
		return -1;
	if (ts->heap[0]->due_ms <= now_ms)
		return 0;
	wait_ms = ts->heap[0]->due_ms - now_ms;
	return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}
