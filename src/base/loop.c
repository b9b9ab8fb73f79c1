/* SPDX-License-Identifier: PostgreSQL */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"

/* One turn takes at most this many events. What is still ready comes first in the next turn. */
#define EVENTS_MAX 256

static void close_fd(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* on_signal may be slow or set state, so each signal is handed over before the next one is read. */
static void on_signal_fd(struct watch *w, uint32_t events)
{
	struct loop *l = container_of(w, struct loop, signal_watch);
	struct signalfd_siginfo info;

	(void)events;
	while (read(l->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		l->on_signal(l->signal_ctx, (int)info.ssi_signo);
}

static void on_lookups(struct watch *w, uint32_t events)
{
	(void)events;
	lookups_take(&container_of(w, struct loop, lookups_watch)->lookups);
}

bool loop_open(struct loop *l)
{
	*l = (struct loop){.epoll_fd = -1, .signal_fd = -1};
	watch_init(&l->signal_watch, on_signal_fd);
	watch_init(&l->lookups_watch, on_lookups);
	timers_init(&l->timers);
	l->now_ms = clock_mono_ms();
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd == -1 || !lookups_init(&l->lookups)) {
		log_error("epoll not available: %s", strerror(errno));
		close_fd(&l->epoll_fd);
		return false;
	}
	return loop_watch(l, &l->lookups_watch, lookups_fd(&l->lookups), EPOLLIN);
}

/* Taken signals stay blocked. One that comes while the process winds up must not cut that short. */
void loop_close(struct loop *l)
{
	timers_release(&l->timers);
	loop_unwatch(l, &l->lookups_watch);
	lookups_release(&l->lookups);
	watch_init(&l->signal_watch, on_signal_fd);
	close_fd(&l->signal_fd);
	close_fd(&l->epoll_fd);
}

/* Blocks signals before it opens the file. One that comes in between waits in the kernel, and does
 * not kill us. */
static int open_signal_fd(const int *signals, int count)
{
	sigset_t set;

	sigemptyset(&set);
	for (int at = 0; at < count; at++)
		sigaddset(&set, signals[at]);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -1;
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

bool loop_take_signals(struct loop *l, const int *signals, int count,
		       void (*on_signal)(void *ctx, int signo), void *ctx)
{
	assert(l->signal_fd == -1); /* once for each loop; a second set would need a second fd */
	l->on_signal = on_signal;
	l->signal_ctx = ctx;
	l->signal_fd = open_signal_fd(signals, count);
	if (l->signal_fd == -1) {
		log_error("signalfd not available: %s", strerror(errno));
		return false;
	}
	return loop_watch(l, &l->signal_watch, l->signal_fd, EPOLLIN);
}

void watch_init(struct watch *w, void (*ready)(struct watch *w, uint32_t events))
{
	*w = (struct watch){.fd = -1, .ready = ready};
}

/*
 * A library may close the file of a watch and open another one under the same number. libpq does so
 * while it connects. The kernel has then forgotten the first file, so a change that fails becomes
 * an addition.
 */
bool loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = w};

	if (w->fd != fd)
		loop_unwatch(l, w);
	if (w->fd == fd && epoll_ctl(l->epoll_fd, EPOLL_CTL_MOD, fd, &event) == 0)
		return true;
	if (epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0) {
		w->fd = fd;
		return true;
	}
	log_error("file %d cannot be watched: %s", fd, strerror(errno));
	loop_unwatch(l, w);
	return false;
}

/* Failure is no news. The kernel forgets a file that was closed (see loop_watch). */
void loop_unwatch(struct loop *l, struct watch *w)
{
	if (w->fd == -1)
		return;
	epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, w->fd, NULL);
	w->fd = -1;
}

/* Does not count from now_ms. The callbacks of the last turn took time, which would make its timers
 * late. */
static int shorter_wait_ms(const struct loop *l, int max_wait_ms)
{
	int timer_ms = timers_wait_ms(&l->timers, clock_mono_ms());

	if (timer_ms == -1)
		return max_wait_ms;
	if (max_wait_ms < 0)
		return timer_ms;
	return timer_ms < max_wait_ms ? timer_ms : max_wait_ms;
}

/* Every error but EINTR means that epoll_fd is not ours any more. Going on would be a busy loop
 * that serves nobody and fills the log. A supervisor can start us again. */
static int wait_for_events(struct loop *l, struct epoll_event *events, int max_wait_ms)
{
	int count = epoll_wait(l->epoll_fd, events, EVENTS_MAX, shorter_wait_ms(l, max_wait_ms));

	if (count == -1 && errno == EINTR)
		return 0;
	if (count == -1) {
		log_error("epoll failed: %s", strerror(errno));
		log_flush();
		abort();
	}
	return count;
}

void loop_turn(struct loop *l, int max_wait_ms)
{
	struct epoll_event events[EVENTS_MAX];
	int64_t from_us = clock_mono_us(), to_us;
	int count = wait_for_events(l, events, max_wait_ms);

	to_us = clock_mono_us();
	load_waited(&l->load, from_us, to_us);
	l->now_ms = to_us / 1000;
	for (int at = 0; at < count; at++) {
		struct watch *w = events[at].data.ptr;

		/* A callback before it in this batch may have unwatched it. If it watches another
		 * file by now, it is called in vain. Every callback must bear that anyway. */
		if (w->fd != -1)
			w->ready(w, events[at].events);
	}
	timers_fire(&l->timers, l->now_ms);
}

/* Asks the clock again. At the start, or after a slow callback, now_ms is old and the timer would
 * be early. */
void loop_set_timer(struct loop *l, struct timer *t, int64_t in_ms)
{
	int64_t now_ms = clock_mono_ms();
	bool beyond = in_ms > INT64_MAX - now_ms;

	timers_set(&l->timers, t, beyond ? INT64_MAX : now_ms + in_ms);
}

void loop_stop_timer(struct loop *l, struct timer *t)
{
	timers_stop(&l->timers, t);
}
