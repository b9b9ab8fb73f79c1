/* SPDX-License-Identifier: PostgreSQL */
#include "http/door.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"

#define ENTER_A_TURN 64 /* afterwards others get their turn */

static void on_ready(struct watch *w, uint32_t events);
static void on_retry(struct timer *t);

void door_init(struct door *d, struct loop *loop, size_t halves, const struct door_calls *calls)
{
	*d = (struct door){.loop = loop, .calls = calls, .halves = halves};
	timer_init(&d->retry, on_retry);
	for (size_t i = 0; i < LISTENING_MAX; i++) {
		d->inlets[i].door = d;
		watch_init(&d->inlets[i].watch, on_ready);
	}
}

/* --- shut and open --- */

/*
 * The lowest descriptor that is free. The kernel always gives the lowest one, so about as many are
 * in use. -1 if none is free.
 */
static int lowest_free(const struct door *d)
{
	int fd = fcntl(d->listening.sockets[0].fd, F_DUPFD_CLOEXEC, 0);

	if (fd >= 0)
		close(fd);
	return fd;
}

static bool is_beyond(const struct door *d, int fd)
{
	size_t limit = files_limit();

	return (size_t)fd + files_kept(limit) * d->halves / 2 >= limit;
}

static void say_shut(struct door *d, int error)
{
	d->said = d->said_ms == 0 || d->loop->now_ms - d->said_ms >= DOOR_SAY_EVERY_MS;
	if (!d->said)
		return;
	d->said_ms = d->loop->now_ms;
	if (error == EMFILE)
		log_warn("[STREAM] new connections wait on %s: of %zu descriptors none is free but "
			 "those of the database, raise LimitNOFILE= "
			 "(ulimit -n) or lower max-streams",
			 d->listening.addresses, files_limit());
	else
		log_warn("[STREAM] new connections wait on %s: the system cannot open them (%s)",
			 d->listening.addresses, strerror(error));
}

static void unwatch(struct door *d)
{
	for (size_t i = 0; i < d->listening.count; i++)
		loop_unwatch(d->loop, &d->inlets[i].watch);
}

/* `error` is what accept() says, or would say. */
static void shut(struct door *d, int error)
{
	unwatch(d);
	loop_set_timer(d->loop, &d->retry, DOOR_RETRY_MS);
	if (door_is_shut(d))
		return;
	d->shut_ms = d->loop->now_ms;
	d->shut_count++;
	say_shut(d, error);
}

static void watch(struct door *d)
{
	for (size_t i = 0; i < d->listening.count && !door_is_shut(d); i++)
		if (d->inlets[i].watch.fd == -1 &&
		    !loop_watch(d->loop, &d->inlets[i].watch, d->listening.sockets[i].fd, EPOLLIN))
			shut(d, ENOMEM);
}

static void unshut(struct door *d)
{
	if (!door_is_shut(d))
		return;
	if (d->said)
		log_info("[STREAM] connections are taken on %s again, after %.1f s",
			 d->listening.addresses, (double)(d->loop->now_ms - d->shut_ms) / 1000);
	d->shut_ms = 0;
}

/* --- letting in --- */

static bool is_want(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* False if nobody waits, or if no more may come now. */
static bool enter(struct door *d, int listening)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd =
		accept4(listening, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && is_want(errno)) {
		shut(d, errno);
		return false;
	}
	unshut(d);
	/* An error other than EAGAIN is about a client that has left already. */
	if (fd < 0)
		return errno != EAGAIN;
	d->calls->enter(d, fd, (const struct sockaddr *)&address, len);
	if (is_beyond(d, fd))
		shut(d, EMFILE);
	return !door_is_shut(d);
}

static void let_in_at(struct door *d, int listening, int left)
{
	while (left > 0 && !(d->full = d->calls->is_full(d)) && enter(d, listening))
		left--;
}

/* Lets in who waits at the sockets from first up to last, without last. */
static void let_in(struct door *d, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		let_in_at(d, d->listening.sockets[i].fd, ENTER_A_TURN);
		if (d->full || door_is_shut(d))
			break;
	}
	if (d->full)
		unwatch(d);
	else if (!door_is_shut(d))
		watch(d);
	if (door_is_shut(d))
		loop_set_timer(d->loop, &d->retry, DOOR_RETRY_MS);
	d->calls->entered(d);
}

static void on_ready(struct watch *w, uint32_t events)
{
	(void)events;
	struct door_inlet *inlet = container_of(w, struct door_inlet, watch);
	size_t i = (size_t)(inlet - inlet->door->inlets);

	let_in(inlet->door, i, i + 1);
}

static void on_retry(struct timer *t)
{
	struct door *d = container_of(t, struct door, retry);
	int fd = lowest_free(d);

	if (fd < 0 || is_beyond(d, fd)) {
		loop_set_timer(d->loop, &d->retry, DOOR_RETRY_MS);
		return;
	}
	let_in(d, 0, d->listening.count);
}

/* --- life --- */

void door_open(struct door *d)
{
	d->open = true;
	watch(d);
}

void door_look(struct door *d)
{
	if (d->open && d->full && !door_is_shut(d) && !d->calls->is_full(d)) {
		d->full = false;
		watch(d);
	}
}

void door_let_in_rest(struct door *d)
{
	bool refused = d->open && d->listening.handed == 0;

	for (size_t i = 0; refused && i < d->listening.count && !door_is_shut(d); i++)
		let_in_at(d, d->listening.sockets[i].fd, SOMAXCONN);
	d->calls->entered(d);
}

void door_close(struct door *d)
{
	loop_stop_timer(d->loop, &d->retry);
	unwatch(d);
	listening_close(&d->listening);
	d->open = false;
	d->shut_ms = 0;
}
