/* SPDX-License-Identifier: PostgreSQL */
/*
 * loop.h: one epoll with its timers, signals and name lookups. One thread runs it.
 *
 * A watch is embedded in its owner. A callback may unwatch anything, also a watch whose event is
 * still to come in the same turn. Such a watch is skipped. If it watches another file by then, it
 * is called in vain. So the owner's memory must stay until the turn ends. Owners put themselves on
 * a list that is emptied between turns.
 *
 * An owner that nothing ends but its own callback, or a timer, may be freed there. Timers come
 * after all events of a turn.
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/load.h"
#include "base/lookup.h"
#include "base/timers.h"

struct watch {
	int fd; /* -1 if nothing is watched */
	void (*ready)(struct watch *w, uint32_t events);
};

struct loop {
	int epoll_fd;
	int signal_fd;
	struct watch signal_watch;
	struct timers timers;
	struct lookups lookups;
	struct watch lookups_watch;
	int64_t now_ms; /* monotonic, read once a turn */
	struct load load;
	void (*on_signal)(void *ctx, int signo);
	void *signal_ctx;
};

MUST_CHECK bool loop_open(struct loop *l); /* false if it failed and logged why */
void loop_close(struct loop *l);

/* From now on these signals come to on_signal, between other callbacks, and interrupt nothing.
 * Returns false if it failed and logged why. */
MUST_CHECK bool loop_take_signals(struct loop *l, const int *signals, int count,
				  void (*on_signal)(void *ctx, int signo), void *ctx);

void watch_init(struct watch *w, void (*ready)(struct watch *w, uint32_t events));
/* Watches fd for these epoll events. Also changes the events of a watch. Returns false if it failed
 * and logged why. */
MUST_CHECK bool loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events);
/* Harmless if nothing is watched. Does not close the fd. */
void loop_unwatch(struct loop *l, struct watch *w);

/* Runs one turn. It waits, calls what is ready, and fires timers. It waits at most max_wait_ms, or
 * with -1 as long as the timers allow. */
void loop_turn(struct loop *l, int max_wait_ms);

void loop_set_timer(struct loop *l, struct timer *t, int64_t in_ms); /* in_ms from now */
void loop_stop_timer(struct loop *l, struct timer *t);

#endif
