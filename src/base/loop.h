/* SPDX-License-Identifier: PostgreSQL */
/*
 * loop.h: one epoll, its timers, its signals and its name lookups. Single thread.
 * A watch is embedded in its owner. A callback may unwatch anything, also watches whose event is
 * still to come in the same turn: they are skipped; one that watches another file by then is called
 * in vain. So the owner's memory must stay until the turn ends, and owners put themselves on a list
 * that is emptied between turns. Whoever is ended by nothing but its own callback, or a timer,
 * which comes after all events, may be freed there.
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
	int fd; /* -1: not watched */
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

MUST_CHECK bool loop_open(struct loop *l); /* false: logged */
void loop_close(struct loop *l);

/* From now on these signals come to on_signal, between other callbacks, instead of interrupting. */
MUST_CHECK bool loop_take_signals(struct loop *l, const int *signals, int count,
				  void (*on_signal)(void *ctx, int signo), void *ctx);

void watch_init(struct watch *w, void (*ready)(struct watch *w, uint32_t events));
/* also changes events */
MUST_CHECK bool loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events);
/* harmless when not watched; does not close the fd */
void loop_unwatch(struct loop *l, struct watch *w);

/* One turn: waits at most max_wait_ms (-1: as long as the timers allow), calls what is ready, fires
 * timers. */
void loop_turn(struct loop *l, int max_wait_ms);

void loop_set_timer(struct loop *l, struct timer *t, int64_t in_ms); /* in_ms from now */
void loop_stop_timer(struct loop *l, struct timer *t);

#endif
