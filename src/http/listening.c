/* SPDX-License-Identifier: PostgreSQL */
#include "http/listening.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/activation.h"
#include "base/commas.h"
#include "base/log.h"
#include "base/units.h"
#include "base/xalloc.h"

#define BACKLOG 4096

/* --- hosts --- */

/* There must be room for it. `path` is that of a unix socket which was made here, or NULL. */
static bool add(struct listening *l, int fd, const char *path)
{
	struct listening_socket *s = &l->sockets[l->count++];
	struct stat st = {.st_ino = 0};

	*s = (struct listening_socket){.fd = fd, .path = path == NULL ? NULL : xstrdup(path)};
	if (path != NULL && lstat(path, &st) == 0)
		s->ino = st.st_ino;
	return true;
}

/* A socket that was handed over for this address, or -1. It stays when this program ends. */
static int take_handed(struct listening *l, const struct sockaddr *address)
{
	int fd = activation_take(address);

	l->handed += fd >= 0;
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
static bool listen_at_all(struct listening *l, const struct addrinfo *found, const char *address)
{
	size_t before = l->count;
	int error = 0;

	for (const struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		int fd = l->count == LISTENING_MAX ? (errno = E2BIG, -1)
						   : take_handed(l, a->ai_addr);

		if (fd < 0 && l->count < LISTENING_MAX)
			fd = listen_at(a, found->ai_next != NULL, l->shared);

		if (fd >= 0)
			add(l, fd, NULL);
		else if (error == 0 || is_not_here(error))
			error = errno;
	}
	if (l->count > before && (error == 0 || is_not_here(error)))
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

static bool bind_host(struct listening *l, const char *address)
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
		good = listen_at_all(l, found, address);
		freeaddrinfo(found);
	}
	free(copy);
	return good;
}

/* --- unix sockets --- */

const char *listening_path(const char *address)
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

static bool bind_unix(struct listening *l, const char *address)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const char *path = listening_path(address);
	bool bound;
	int fd;

	if (l->count == LISTENING_MAX) {
		log_error("cannot listen on '%s': there are %d addresses already", address,
			  LISTENING_MAX);
		return false;
	}
	if (strlen(path) >= sizeof(name.sun_path)) {
		log_error("cannot listen on '%s': the path has %zu bytes or more", address,
			  sizeof(name.sun_path));
		return false;
	}
	memcpy(name.sun_path, path, strlen(path));
	fd = take_handed(l, (const struct sockaddr *)&name);
	if (fd >= 0)
		return add(l, fd, NULL);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bound = fd >= 0 && bind_name(fd, &name) == 0;
	if (!bound && errno == EADDRINUSE && is_left_over(&name))
		bound = unlink(path) == 0 && bind_name(fd, &name) == 0;
	if (bound && listen(fd, BACKLOG) == 0)
		return add(l, fd, path);
	log_error("cannot listen on '%s': %s", address, strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

/* Somebody may have put another socket there. */
static void take_path_away(const struct listening_socket *s)
{
	struct stat st;

	if (s->path != NULL && lstat(s->path, &st) == 0 && st.st_ino == s->ino)
		(void)unlink(s->path);
}

/* --- the list --- */

bool listening_is_address(const char *addresses)
{
	char *copy = xstrdup(addresses), *rest = copy;
	size_t count = 0;
	bool good = true;

	for (char *one; (one = commas_next(&rest)) != NULL && good; count++)
		good = listening_path(one) != NULL ||
		       (strncmp(one, "unix:", 5) != 0 && units_is_address(one));
	free(copy);
	return good && count > 0 && count <= LISTENING_MAX;
}

bool listening_bind(struct listening *l, const char *addresses)
{
	char *copy = xstrdup(addresses), *rest = copy;
	bool good = true;

	l->addresses = addresses;
	for (char *one; good && (one = commas_next(&rest)) != NULL;)
		good = listening_path(one) != NULL ? bind_unix(l, one) : bind_host(l, one);
	free(copy);
	return good && l->count > 0;
}

void listening_close(struct listening *l)
{
	for (size_t i = 0; i < l->count; i++) {
		close(l->sockets[i].fd);
		take_path_away(&l->sockets[i]);
		free(l->sockets[i].path);
	}
	l->count = 0;
}

bool listening_can_bind(const char *addresses)
{
	struct listening l = {.count = 0};
	bool good = listening_bind(&l, addresses);

	listening_close(&l);
	return good;
}
