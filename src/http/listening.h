/* SPDX-License-Identifier: PostgreSQL */
/*
 * listening.h: the sockets that listen at a list of addresses. Connections wait in them until
 * somebody accepts (door.h).
 *
 * The addresses are joined by commas. Each is "host:port", "[v6]:port", ":port", or a path
 * (listening_path), at which everybody on this machine may connect. A name stands for all its
 * addresses. A socket that was handed over for an address is taken in its place (activation.h).
 */
#ifndef HTTP_LISTENING_H
#define HTTP_LISTENING_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/base.h"

#define LISTENING_MAX 16 /* sockets */

struct listening_socket {
	int fd;
	char *path; /* of a unix socket that was made here; owned; NULL if it is none */
	ino_t ino;  /* of the path */
};

struct listening {
	const char *addresses; /* borrowed; NULL before listening_bind */
	struct listening_socket sockets[LISTENING_MAX];
	size_t count;
	size_t handed; /* how many of them were handed over */
	bool shared;   /* other processes listen at the same addresses; set before listening_bind */
};

/* The path in the address of a unix socket, "unix:/path" or "/path". NULL if it is of a host. */
const char *listening_path(const char *address);

/* Is this a list that listening_bind takes? */
bool listening_is_address(const char *addresses);

/*
 * Listens on all of these addresses, which are borrowed. False if it cannot, and the log says why.
 * listening_close is to be called in both cases.
 */
MUST_CHECK bool listening_bind(struct listening *l, const char *addresses);
/* Could a process listen there that shares no address? False if not, and the log says why. */
MUST_CHECK bool listening_can_bind(const char *addresses);
/* The kernel refuses what waits, unless a socket was handed over. Takes paths away. */
void listening_close(struct listening *l);

#endif
