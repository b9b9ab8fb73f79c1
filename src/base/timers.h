/* SPDX-License-Identifier: PostgreSQL */
/*
 * timers.h: the set of pending timers, a binary heap of embedded structs.
 *
 * Setting and stopping take O(log n), and idle timers cost nothing. Times are milliseconds of the
 * monotonic clock. Callers pass them in, so tests need no sleep. A timer belongs to its owner,
 * which stops it before freeing it. A timer fires once. Its callback may set it again, and may set
 * or stop any other timer.
 */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t due_ms;
	uint64_t seq; /* number of this setting; equal times fire in this order */
	size_t at;    /* 1 + place in the heap; 0 if not pending */
	void (*fire)(struct timer *t);
};

struct timers {
	struct timer **heap;
	size_t count, cap;
	uint64_t last_seq;
	int64_t floor_ms; /* while firing, no timer is set before this (timers_fire) */
};

void timers_init(struct timers *ts);
void timers_release(struct timers *ts);
void timer_init(struct timer *t, void (*fire)(struct timer *t));
void timers_set(struct timers *ts, struct timer *t, int64_t due_ms); /* moves it if it is pending */
void timers_stop(struct timers *ts, struct timer *t);                /* harmless when not pending */
static inline bool timer_pending(const struct timer *t)
{
	return t->at != 0;
}

/* Fires what is due at now_ms, earliest first. A timer that a callback sets to a past time fires at
 * the next call. Returns how many fired. */
size_t timers_fire(struct timers *ts, int64_t now_ms);

/* Returns the milliseconds from now_ms to the next timer. Returns 0 if one is due and -1 if there
 * is none, as epoll_wait takes them. */
int timers_wait_ms(const struct timers *ts, int64_t now_ms);

#endif
