/* SPDX-License-Identifier: PostgreSQL */
#include "http/door.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/xalloc.h"

#define BACKLOG 4096
#define ENTER_A_TURN 64 /* afterwards others get their turn */

static void on_ready(struct watch *w, uint32_t events);
static void on_retry(struct timer *t);

void door_init(struct door *d, struct loop *loop, size_t halves, const struct door_calls *calls)
{
	*d = (struct door){.loop = loop, .calls = calls, .fd = -1, .halves = halves};
	watch_init(&d->watch, on_ready);
	timer_init(&d->retry, on_retry);
}

/* --- listening --- */

static int listen_at(const struct addrinfo *a)
{
	int on = 1, fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
				a->ai_protocol);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Splits "host:port" in place. The host of ":port" is empty. */
static bool split_address(char *address, char **ret_host, char **ret_port)
{
	char *colon = strrchr(address, ':');

	if (colon == NULL || colon[1] == '\0')
		return false;
	*colon = '\0';
	*ret_port = colon + 1;
	*ret_host = address;
	if (address[0] == '[' && colon > address && colon[-1] == ']') {
		colon[-1] = '\0';
		*ret_host = address + 1;
	}
	return true;
}

bool door_bind(struct door *d, const char *address)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
			*found = NULL;
	char *copy = xstrdup(address), *host = NULL, *port = NULL;
	int error = 0;

	d->address = address;
	if (!split_address(copy, &host, &port)) {
		log_error("cannot listen on '%s': it is not of the form host:port", address);
	} else if ((error = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &found)) !=
		   0) {
		log_error("cannot listen on '%s': %s", address, gai_strerror(error));
	} else {
		for (const struct addrinfo *a = found; a != NULL && d->fd < 0; a = a->ai_next)
			d->fd = listen_at(a);
		if (d->fd < 0)
			log_error("cannot listen on '%s': %s, choose another address", address,
				  strerror(errno));
		freeaddrinfo(found);
	}
	free(copy);
	return d->fd >= 0;
}

/* --- shut and open --- */

/*
 * The lowest descriptor that is free. The kernel always gives the lowest one, so about as many are
 * in use. -1 if none is free.
 */
static int lowest_free(const struct door *d)
{
	int fd = fcntl(d->fd, F_DUPFD_CLOEXEC, 0);

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
			 d->address, files_limit());
	else
		log_warn("[STREAM] new connections wait on %s: the system cannot open them (%s)",
			 d->address, strerror(error));
}

/* `error` is what accept() says, or would say. */
static void shut(struct door *d, int error)
{
	loop_unwatch(d->loop, &d->watch);
	loop_set_timer(d->loop, &d->retry, DOOR_RETRY_MS);
	if (door_is_shut(d))
		return;
	d->shut_ms = d->loop->now_ms;
	d->shut_count++;
	say_shut(d, error);
}

static void watch(struct door *d)
{
	if (d->watch.fd == -1 && !loop_watch(d->loop, &d->watch, d->fd, EPOLLIN))
		shut(d, ENOMEM);
}

static void unshut(struct door *d)
{
	if (!door_is_shut(d))
		return;
	if (d->said)
		log_info("[STREAM] connections are taken on %s again, after %.1f s", d->address,
			 (double)(d->loop->now_ms - d->shut_ms) / 1000);
	d->shut_ms = 0;
}

/* --- letting in --- */

static bool is_want(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS;
}

/* False if nobody waits, or if no more may come now. */
static bool enter(struct door *d)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd = accept4(d->fd, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

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

static void let_in(struct door *d)
{
	int left = ENTER_A_TURN;

	while (left > 0 && !(d->full = d->calls->is_full(d)) && enter(d))
		left--;
	if (d->full)
		loop_unwatch(d->loop, &d->watch);
	else if (!door_is_shut(d))
		watch(d);
	if (door_is_shut(d))
		loop_set_timer(d->loop, &d->retry, DOOR_RETRY_MS);
	d->calls->entered(d);
}

static void on_ready(struct watch *w, uint32_t events)
{
	(void)events;
	let_in(container_of(w, struct door, watch));
}

static void on_retry(struct timer *t)
{
	struct door *d = container_of(t, struct door, retry);
	int fd = lowest_free(d);

	if (fd < 0 || is_beyond(d, fd)) {
		loop_set_timer(d->loop, &d->retry, DOOR_RETRY_MS);
		return;
	}
	let_in(d);
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

void door_close(struct door *d)
{
	loop_stop_timer(d->loop, &d->retry);
	loop_unwatch(d->loop, &d->watch);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	d->open = false;
	d->shut_ms = 0;
}
