/* SPDX-License-Identifier: PostgreSQL */
/*
 * visit.h: one connection from the door to its end, and the time that it has. A client has VISIT_MS
 * for a whole head. It has as much again for the body, and as much again to take the answer. If
 * more than half of visits_most are there, the next part has only VISIT_CROWD_MS. Slow clients
 * shall not keep the others waiting at the door.
 *
 * A trusted proxy may send a head of its own first (proxyhead.h). That is read off.
 *
 * Until the head is whole, the connection is ours, and nothing is read from it. We look at the
 * bytes where the kernel has them (head.h). Then the connection is handed to the HTTP library. Or
 * it is refused, and the library never hears of it.
 *
 * The library's own timeout begins again with each byte (0.9.75). With it, a byte a second would
 * keep a connection for ever. We shut down the socket of a visit that is late. The holder of the
 * socket notices and frees it. One request makes one visit. Every answer ends it, so nothing after
 * a request is ever run.
 *
 * A client that still sends when the library closes the socket would get a reset. The reset may
 * overtake the answer (RFC 9112 9.6). So a duplicate of such a socket lingers. What comes is thrown
 * away until the client closes as well, or VISIT_LINGER_MS or VISIT_LINGER_BYTES are over.
 */
#ifndef HTTP_VISIT_H
#define HTTP_VISIT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/loop.h"
#include "http/head.h"
#include "http/proxies.h"
#include "http/target.h"

#define VISIT_MS 10000
#define VISITS_MOST 2048 /* at a time; streams do not count */
#define VISIT_CROWD_MS 2000
#define VISIT_LINGER_MS 2000
#define VISIT_LINGER_BYTES ((size_t)4 << 20)
#define VISITS_LINGERING 256 /* at a time; more are closed at once */

struct visit;

/*
 * The visits of one HTTP door. This set can end those that arrive or linger. Only the library can
 * end the others.
 */
struct visits {
	struct loop *loop;
	const struct proxies *proxies;
	size_t count; /* of those that arrive, and of the library's */
	struct list arriving, lingering;
	size_t arriving_count, lingering_count;
	/* v->head is known; the callee hands the visit over, or dismisses it */
	void (*arrived)(struct visit *v);
	void (*room)(struct visits *set); /* one has ended */
};

struct visit {
	struct visits *set;
	struct list link; /* of arriving or lingering */
	/*
	 * ours while it arrives, then the library's, and -1 if it is a stream's now; while it
	 * lingers it is ours, or our duplicate
	 */
	int fd;
	struct sockaddr_storage
		address; /* of whom a head of a proxy speaks for, if there was one */
	socklen_t address_len;
	struct timer deadline;
	struct watch watch; /* while it arrives or lingers */
	size_t looked_at;   /* bytes, while it arrives */
	bool begun;         /* no head of a proxy comes any more */
	size_t drained;
	struct head head;
	struct target target;
	bool body_unread; /* announced, and answered without reading it */
	struct buf body;
};

size_t visits_most(void); /* VISITS_MOST, or half of the descriptors if that is less */
/* proxies is borrowed, and may change. */
void visits_init(struct visits *set, struct loop *loop, const struct proxies *proxies,
		 void (*arrived)(struct visit *v), void (*room)(struct visits *set));
void visits_release(struct visits *set); /* when the library has ended all others */

/*
 * Takes over fd, which does not block. Calls `arrived` as soon as the head is known, perhaps before
 * it returns.
 */
void visit_begin(struct visits *set, int fd, const struct sockaddr *address, socklen_t address_len);
void visit_hand_over(struct visit *v); /* fd is the library's from now on */
/* Answers and ends a visit that is still ours. Frees it, at once or after lingering. */
void visit_dismiss(struct visit *v, const struct buf *answer);

void visit_go_on(struct visit *v); /* the next part has its own time */
void visit_leave(struct visit *v); /* the socket lives on elsewhere, so the deadline ends */
/* The library is about to close the socket. Frees the visit, at once or after lingering. */
void visit_end(struct visit *v);

#endif
