/* SPDX-License-Identifier: PostgreSQL */
/*
 * door.h: a listening socket, and whom it lets in. We accept, not the HTTP library: after one
 * accept() that failed for want of descriptors or memory it takes none until it is run again, and
 * nothing runs it (0.9.75, 1.0.10); without a connection of its own it tries again in a busy loop.
 *
 * A door is shut when what is kept for the database is all that is left of the descriptors, or when
 * the system has none or no memory. Who comes waits in the backlog. It tries again every
 * DOOR_RETRY_MS, so it opens by itself whatever has changed. It is full when its owner says so; the
 * owner calls door_look when that may have changed.
 */
#ifndef HTTP_DOOR_H
#define HTTP_DOOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/loop.h"

#define DOOR_RETRY_MS 100
#define DOOR_SAY_EVERY_MS 60000 /* it may open and shut many times a second */

struct door;

struct door_calls {
	bool (*is_full)(const struct door *d);
	/* One has come. The socket is the callee's; it does not block and is closed by exec. */
	void (*enter)(struct door *d, int fd, const struct sockaddr *address, socklen_t len);
	void (*entered)(struct door *d); /* after some have come */
};

struct door {
	struct loop *loop;
	const struct door_calls *calls;
	const char *address; /* where it listens, for the log; borrowed */
	int fd;              /* -1: there is none */
	/* of what is kept (files_kept), that it leaves: 2, so all of it, for clients; 1 for
	 * operators */
	size_t halves;
	bool open; /* it accepts, or will when it is no longer shut or full */
	bool full;
	int64_t shut_ms; /* since when it is shut; 0: it is not */
	int64_t said_ms; /* when that was logged last; 0: never */
	bool said;       /* of this time */
	uint64_t shut_count;
	struct watch watch;
	struct timer retry;
};

void door_init(struct door *d, struct loop *loop, size_t halves, const struct door_calls *calls);

/* Takes the address ("host:port", "[v6]:port", ":port"). False: logged. Connections wait until
 * door_open. */
MUST_CHECK bool door_bind(struct door *d, const char *address);
void door_open(struct door *d);
void door_look(struct door *d);  /* the owner may have room again */
void door_close(struct door *d); /* for good: who waits is refused by the kernel */

static inline bool door_is_shut(const struct door *d)
{
	return d->shut_ms != 0;
}

#endif
