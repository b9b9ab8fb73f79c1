/* SPDX-License-Identifier: PostgreSQL */
#include "base/activation.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST 3 /* the descriptor of the first one: the protocol says so */
#define MOST 64

/* A variable that is a whole number. 0 if there is none, or it is something else. */
static long number_of(const char *name)
{
	const char *text = getenv(name);
	char *end = NULL;
	long number = text == NULL ? 0 : strtol(text, &end, 10);

	return end == NULL || *end != '\0' || number < 0 ? 0 : number;
}

size_t activation_count(void)
{
	long count = number_of("LISTEN_FDS");

	if (number_of("LISTEN_PID") != (long)getpid())
		return 0;
	return count > MOST ? MOST : (size_t)count;
}

static bool is_same(const struct sockaddr *one, const struct sockaddr *other)
{
	const struct sockaddr_in *a = (const void *)one, *b = (const void *)other;
	const struct sockaddr_in6 *c = (const void *)one, *d = (const void *)other;
	const struct sockaddr_un *e = (const void *)one, *f = (const void *)other;

	if (one->sa_family != other->sa_family)
		return false;
	switch (one->sa_family) {
	case AF_INET:
		return a->sin_port == b->sin_port && a->sin_addr.s_addr == b->sin_addr.s_addr;
	case AF_INET6:
		return c->sin6_port == d->sin6_port && c->sin6_scope_id == d->sin6_scope_id &&
		       memcmp(&c->sin6_addr, &d->sin6_addr, sizeof(c->sin6_addr)) == 0;
	case AF_UNIX:
		return strncmp(e->sun_path, f->sun_path, sizeof(e->sun_path)) == 0;
	default:
		return false;
	}
}

static bool listens_at(int fd, const struct sockaddr *address)
{
	struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
	socklen_t len = sizeof(own), size = sizeof(int);
	int listens = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0 &&
	       getsockname(fd, (struct sockaddr *)&own, &len) == 0 &&
	       is_same((const struct sockaddr *)&own, address);
}

int activation_take(const struct sockaddr *address)
{
	size_t count = activation_count();

	for (int fd = FIRST; fd < FIRST + (int)count; fd++) {
		if (!listens_at(fd, address))
			continue;
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		return fcntl(fd, F_DUPFD_CLOEXEC, FIRST + (int)count);
	}
	return -1;
}

void activation_inherit(pid_t parent)
{
	char text[24];

	if (number_of("LISTEN_PID") != (long)parent)
		return;
	snprintf(text, sizeof(text), "%ld", (long)getpid());
	(void)setenv("LISTEN_PID", text, 1);
}
