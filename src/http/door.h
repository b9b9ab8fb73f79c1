/* SPDX-License-Identifier: PostgreSQL */
/*
 * door.h: listening sockets, and which connections they let in. We call accept(), the HTTP library
 * does not. Versions 0.9.75 and 1.0.10 have a fault there. After one accept() that failed for want
 * of descriptors or memory, the library stops accepting. It goes on when it is run again, and
 * nothing runs it. If it has no connection of its own, it tries again in a busy loop.
 *
 * A door is shut in these cases:
 *
 * - What is kept for the database is all that is left of the descriptors.
 * - The system has no descriptors or no memory.
 *
 * New connections then wait in the backlog. The door tries again every DOOR_RETRY_MS, so it opens
 * by itself, whatever has changed. The door is full when its owner says so. The owner calls
 * door_look when that may have changed.
 */
#ifndef HTTP_DOOR_H
#define HTTP_DOOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/loop.h"

#define DOOR_ADDRESSES_MAX 16
#define DOOR_RETRY_MS 100
#define DOOR_SAY_EVERY_MS 60000 /* it may open and shut many times a second */

struct door;

/* One listening socket. */
struct door_inlet {
	struct door *door;
	int fd;
	char *path; /* of a unix socket; owned; NULL if it is none */
	ino_t ino;  /* of the path */
	struct watch watch;
};

struct door_calls {
	bool (*is_full)(const struct door *d);
	/*
	 * One connection has come. The callee owns the socket, which does not block and is closed
	 * by exec.
	 */
	void (*enter)(struct door *d, int fd, const struct sockaddr *address, socklen_t len);
	void (*entered)(struct door *d); /* after some have come */
};

struct door {
	struct loop *loop;
	const struct door_calls *calls;
	const char *addresses; /* where it listens, for the log; borrowed */
	struct door_inlet inlets[DOOR_ADDRESSES_MAX];
	size_t count;
	/* of files_kept, which it leaves free: 2 (all of it) for clients, 1 for operators */
	size_t halves;
	size_t handed; /* how many of its sockets were handed over (activation.h) */
	bool shared;   /* other processes listen at the same addresses; set before door_bind */
	bool open;     /* it accepts, or will when it is no longer shut or full */
	bool full;
	int64_t shut_ms; /* since when it is shut; 0 if it is not */
	int64_t said_ms; /* when that was logged last; 0 if never */
	bool said;       /* whether it was logged this time */
	uint64_t shut_count;
	struct timer retry;
};

/* `calls` is borrowed. For `halves` see struct door. Nothing listens yet. */
void door_init(struct door *d, struct loop *loop, size_t halves, const struct door_calls *calls);

/* The path in the address of a unix socket, "unix:/path" or "/path". NULL if it is of a host. */
const char *door_path(const char *address);

/* Is this an address that door_bind takes, or several? */
bool door_is_address(const char *addresses);

/*
 * Listens on these addresses, which are joined by commas and are borrowed. Each is "host:port",
 * "[v6]:port", ":port", or a path (door_path), at which everybody on this machine may connect. A
 * name stands for all its addresses. A socket that was handed over for an address is taken in its
 * place (activation.h). Connections wait until door_open. False if it cannot, and the
 * log says why.
 */
MUST_CHECK bool door_bind(struct door *d, const char *addresses);
/* Could a door that is not shared listen there? False if it could not, and the log says why. */
MUST_CHECK bool door_can_bind(const char *addresses);
void door_open(struct door *d);
void door_look(struct door *d);  /* the owner may have room again */
void door_close(struct door *d); /* for good; the kernel refuses what waits, unless a socket was
				  * handed over; takes paths away */

static inline bool door_is_shut(const struct door *d)
{
	return d->shut_ms != 0;
}

#endif
