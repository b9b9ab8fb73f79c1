/* SPDX-License-Identifier: PostgreSQL */
#include "http/door.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/activation.h"
#include "base/commas.h"
#include "base/files.h"
#include "base/log.h"
#include "base/units.h"
#include "base/xalloc.h"

#define BACKLOG 4096
#define ENTER_A_TURN 64 /* afterwards others get their turn */

static void on_ready(struct watch *w, uint32_t events);
static void on_retry(struct timer *t);

void door_init(struct door *d, struct loop *loop, size_t halves, const struct door_calls *calls)
{
	*d = (struct door){.loop = loop, .calls = calls, .halves = halves};
	timer_init(&d->retry, on_retry);
}

/* --- listening --- */

/* There must be room for it. */
static bool add_inlet(struct door *d, int fd, const char *path)
{
	struct door_inlet *inlet = &d->inlets[d->count++];
	struct stat st = {.st_ino = 0};

	*inlet = (struct door_inlet){
		.door = d, .fd = fd, .path = path == NULL ? NULL : xstrdup(path)};
	if (path != NULL && lstat(path, &st) == 0)
		inlet->ino = st.st_ino;
	watch_init(&inlet->watch, on_ready);
	return true;
}

/* A socket that was handed over for this address, or -1. It stays when this program ends. */
static int take_handed(struct door *d, const struct sockaddr *address)
{
	int fd = activation_take(address);

	d->handed += fd >= 0;
	return fd;
}

/* With `alone` a socket of IPv6 takes no connections of IPv4, which has a socket of its own. */
static int listen_at(const struct addrinfo *a, bool alone, bool shared)
{
	int on = 1, error,
	    fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
			a->ai_protocol);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (shared)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (alone && a->ai_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* This machine has no such address. A name may have others. */
static bool is_not_here(int error)
{
	return error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
}

/* Listens on all of the addresses that are here. False if there is none, or one is taken. */
static bool listen_at_all(struct door *d, const struct addrinfo *found, const char *address)
{
	size_t before = d->count;
	int error = 0;

	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		int fd = d->count == DOOR_ADDRESSES_MAX ? (errno = E2BIG, -1)
							: take_handed(d, a->ai_addr);

		if (fd < 0 && d->count < DOOR_ADDRESSES_MAX)
			fd = listen_at(a, found->ai_next != NULL, d->shared);

		if (fd >= 0)
			add_inlet(d, fd, NULL);
		else if (error == 0 || is_not_here(error))
			error = errno;
	}
	if (d->count > before && (error == 0 || is_not_here(error)))
		return true;
	log_error("cannot listen on '%s': %s, choose another address", address, strerror(error));
	return false;
}

/* Splits "host:port" in place. The host of ":port" and of "*:port" is empty. */
static bool split_address(char *address, char **ret_host, char **ret_port)
{
	char *colon = strrchr(address, ':');

	if (colon == NULL || colon[1] == '\0')
		return false;
	*colon = '\0';
	*ret_port = colon + 1;
	*ret_host = strcmp(address, "*") == 0 ? colon : address;
	if (address[0] == '[' && colon > address && colon[-1] == ']') {
		colon[-1] = '\0';
		*ret_host = address + 1;
	}
	return true;
}

static bool bind_host(struct door *d, const char *address)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_PASSIVE | AI_NUMERICSERV},
			*found = NULL;
	char *copy = xstrdup(address), *host = NULL, *port = NULL;
	int error = 0;
	bool good = false;

	if (!split_address(copy, &host, &port)) {
		log_error("cannot listen on '%s': it is not of the form host:port", address);
	} else if ((error = getaddrinfo(host[0] == '\0' ? NULL : host, port, &hints, &found)) !=
		   0) {
		log_error("cannot listen on '%s': %s", address, gai_strerror(error));
	} else {
		good = listen_at_all(d, found, address);
		freeaddrinfo(found);
	}
	free(copy);
	return good;
}

/* --- unix sockets --- */

const char *door_path(const char *address)
{
	if (strncmp(address, "unix:", 5) == 0)
		address += 5;
	return address[0] == '/' ? address : NULL;
}

/* Is this a socket that nobody listens at, as a process leaves it that was killed? */
static bool is_left_over(const struct sockaddr_un *name)
{
	struct stat st;
	int fd, result;

	if (lstat(name->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	result = connect(fd, (const struct sockaddr *)name, sizeof(*name)) == 0 ? 0 : errno;
	close(fd);
	return result == ECONNREFUSED;
}

/* Everybody on this machine may connect, as to a port of it. The directory may say otherwise. */
static int bind_name(int fd, const struct sockaddr_un *name)
{
	mode_t mask = umask(0111);
	int result = bind(fd, (const struct sockaddr *)name, sizeof(*name));

	umask(mask);
	return result;
}

static bool bind_unix(struct door *d, const char *address)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const char *path = door_path(address);
	bool bound;
	int fd;

	if (d->count == DOOR_ADDRESSES_MAX) {
		log_error("cannot listen on '%s': there are %d addresses already", address,
			  DOOR_ADDRESSES_MAX);
		return false;
	}
	if (strlen(path) >= sizeof(name.sun_path)) {
		log_error("cannot listen on '%s': the path has %zu bytes or more", address,
			  sizeof(name.sun_path));
		return false;
	}
	memcpy(name.sun_path, path, strlen(path));
	fd = take_handed(d, (const struct sockaddr *)&name);
	if (fd >= 0)
		return add_inlet(d, fd, NULL);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bound = fd >= 0 && bind_name(fd, &name) == 0;
	if (!bound && errno == EADDRINUSE && is_left_over(&name))
		bound = unlink(path) == 0 && bind_name(fd, &name) == 0;
	if (bound && listen(fd, BACKLOG) == 0)
		return add_inlet(d, fd, path);
	log_error("cannot listen on '%s': %s", address, strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

/* Somebody may have put another socket there. */
static void take_path_away(const struct door_inlet *inlet)
{
	struct stat st;

	if (inlet->path != NULL && lstat(inlet->path, &st) == 0 && st.st_ino == inlet->ino)
		(void)unlink(inlet->path);
}

static void close_inlet(struct door_inlet *inlet)
{
	close(inlet->fd);
	take_path_away(inlet);
	free(inlet->path);
}

/* --- the list --- */

bool door_is_address(const char *addresses)
{
	char *copy = xstrdup(addresses), *rest = copy;
	size_t count = 0;
	bool good = true;

	for (char *one; (one = commas_next(&rest)) != NULL && good; count++)
		good = door_path(one) != NULL ||
		       (strncmp(one, "unix:", 5) != 0 && units_is_address(one));
	free(copy);
	return good && count > 0 && count <= DOOR_ADDRESSES_MAX;
}

bool door_bind(struct door *d, const char *addresses)
{
	char *copy = xstrdup(addresses), *rest = copy;
	bool good = true;

	d->addresses = addresses;
	for (char *one; good && (one = commas_next(&rest)) != NULL;)
		good = door_path(one) != NULL ? bind_unix(d, one) : bind_host(d, one);
	free(copy);
	return good && d->count > 0;
}

bool door_can_bind(const char *addresses)
{
	struct door d = {.loop = NULL};
	bool good = door_bind(&d, addresses);

	for (size_t i = 0; i < d.count; i++)
		close_inlet(&d.inlets[i]);
	return good;
}

/* --- shut and open --- */

/*
 * The lowest descriptor that is free. The kernel always gives the lowest one, so about as many are
 * in use. -1 if none is free.
 */
static int lowest_free(const struct door *d)
{
	int fd = fcntl(d->inlets[0].fd, F_DUPFD_CLOEXEC, 0);

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
			 d->addresses, files_limit());
	else
		log_warn("[STREAM] new connections wait on %s: the system cannot open them (%s)",
			 d->addresses, strerror(error));
}

static void unwatch(struct door *d)
{
	for (size_t i = 0; i < d->count; i++)
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
	for (size_t i = 0; i < d->count && !door_is_shut(d); i++)
		if (d->inlets[i].watch.fd == -1 &&
		    !loop_watch(d->loop, &d->inlets[i].watch, d->inlets[i].fd, EPOLLIN))
			shut(d, ENOMEM);
}

static void unshut(struct door *d)
{
	if (!door_is_shut(d))
		return;
	if (d->said)
		log_info("[STREAM] connections are taken on %s again, after %.1f s", d->addresses,
			 (double)(d->loop->now_ms - d->shut_ms) / 1000);
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

static void let_in_at(struct door *d, const struct door_inlet *inlet)
{
	int left = ENTER_A_TURN;

	while (left > 0 && !(d->full = d->calls->is_full(d)) && enter(d, inlet->fd))
		left--;
}

/* Lets in who waits at the inlets from first up to last, without last. */
static void let_in(struct door *d, size_t first, size_t last)
{
	for (size_t i = first; i < last; i++) {
		let_in_at(d, &d->inlets[i]);
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
	let_in(d, 0, d->count);
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
	unwatch(d);
	for (size_t i = 0; i < d->count; i++)
		close_inlet(&d->inlets[i]);
	d->count = 0;
	d->open = false;
	d->shut_ms = 0;
}
