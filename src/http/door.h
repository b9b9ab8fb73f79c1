/* SPDX-License-Identifier: PostgreSQL */
/*
 * door.h: which connections come in from the sockets that listen. We call accept(), the HTTP
 * library does not. Versions 0.9.75 and 1.0.10 have a fault there. After one accept() that failed
 * for want of descriptors or memory, the library stops accepting. It goes on when it is run again,
 * and nothing runs it. If it has no connection of its own, it tries again in a busy loop.
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

#include "base/loop.h"
#include "http/listening.h"

#define DOOR_RETRY_MS 100
#define DOOR_SAY_EVERY_MS 60000 /* it may open and shut many times a second */

struct door;

/* Tells when somebody waits at the socket of the same number. */
struct door_inlet {
	struct door *door;
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
	struct listening listening; /* bound by the owner before door_open; closed by door_close */
	struct door_inlet inlets[LISTENING_MAX];
	/* of files_kept, which it leaves free: 2 (all of it) for clients, 1 for operators */
	size_t halves;
	bool open; /* it accepts, or will when it is no longer shut or full */
	bool full;
	int64_t shut_ms; /* since when it is shut; 0 if it is not */
	int64_t said_ms; /* when that was logged last; 0 if never */
	bool said;       /* whether it was logged this time */
	uint64_t shut_count;
	struct timer retry;
};

/* `calls` is borrowed. For `halves` see struct door. Nothing listens yet. */
void door_init(struct door *d, struct loop *loop, size_t halves, const struct door_calls *calls);

/* Connections wait until then. */
void door_open(struct door *d);
void door_look(struct door *d); /* the owner may have room again */
/*
 * Lets in all that wait, unless they may wait for another process. The kernel refuses them when the
 * door is closed. Behind a proxy that is an answer of 502, which an EventSource takes for final.
 */
void door_let_in_rest(struct door *d);
void door_close(struct door *d); /* for good (listening_close) */

static inline bool door_is_shut(const struct door *d)
{
	return d->shut_ms != 0;
}

#endif
