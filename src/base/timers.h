/* SPDX-License-Identifier: PostgreSQL */
/*
 * timers.h: the set of pending timers, a binary heap of embedded structs: O(log n) to set and stop,
 * nothing while idle. Time is an argument (milliseconds of the monotonic clock), so tests need no
 * sleep. A timer belongs to its owner, who stops it before freeing it. It fires once; the callback
 * may set it again, and may set or stop any other timer.
 */
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct timer {
	int64_t due_ms;
	uint64_t seq; /* which setting this is: equal times fire in the order they were set */
	size_t at;    /* 1 + place in the heap; 0: not pending */
	void (*fire)(struct timer *t);
};

struct timers {
	struct timer **heap;
	size_t count, cap;
	uint64_t last_seq;
	int64_t floor_ms; /* while firing: no timer is set before this, see timers_fire */
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

/* Fires what is due at now_ms, earliest first; a timer set to a time already past fires at the next
 * call. Returns how many fired. */
size_t timers_fire(struct timers *ts, int64_t now_ms);

/* Milliseconds from now_ms to the next timer, 0 when one is due, -1 when there is none
 * (epoll_wait's terms). */
int timers_wait_ms(const struct timers *ts, int64_t now_ms);

#endif
