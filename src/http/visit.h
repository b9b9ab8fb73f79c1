/* SPDX-License-Identifier: PostgreSQL */
/*
 * visit.h: one connection from the door to its end, and the time it is given: VISIT_MS for a whole
 * head, as much again for the body, as much again to take the answer. Until its head is whole it is
 * ours, and nothing is read from it: the bytes are looked at where the kernel has them (head.h).
 * Then it is handed to the HTTP library, or it is refused and the library never hears of it. The
 * library's own timeout begins anew with each byte (0.9.75): a byte a second would keep a
 * connection for ever. A visit that is late has its socket shut down, which its holder notices and
 * frees it. Where half of visits_most are there, the next ones are given VISIT_CROWD_MS only: slow
 * clients shall not keep the others waiting at the door. One request a visit: every answer ends it,
 * so nothing behind a request is ever run.
 *
 * A client that still sends when the library closes the socket would get a reset, which may
 * overtake the answer (RFC 9112 9.6). A duplicate of such a socket lingers: what comes is thrown
 * away until the client closes as well, VISIT_LINGER_MS or VISIT_LINGER_BYTES are over.
 */
#ifndef HTTP_VISIT_H
#define HTTP_VISIT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/loop.h"
#include "http/head.h"
#include "http/target.h"

#define VISIT_MS 10000
#define VISITS_MOST 2048 /* at a time; streams do not count */
#define VISIT_CROWD_MS 2000
#define VISIT_LINGER_MS 2000
#define VISIT_LINGER_BYTES ((size_t)4 << 20)
#define VISITS_LINGERING 256 /* at a time; more are closed at once */

struct visit;

/* Those of one HTTP door. It can end those that arrive or linger; the others are the library's to
 * end. */
struct visits {
	struct loop *loop;
	size_t count; /* that arrive, and the library's */
	struct list arriving, lingering;
	size_t arriving_count, lingering_count;
	void (*arrived)(struct visit *v); /* v->head is known: to be handed over, or dismissed */
	void (*room)(struct visits *set); /* one has ended */
};

struct visit {
	struct visits *set;
	struct list link; /* of arriving or lingering */
	/* ours while it arrives, then the library's; -1: the socket is a stream's now; lingering:
	 * ours, or our duplicate */
	int fd;
	struct sockaddr_storage address;
	socklen_t address_len;
	struct timer deadline;
	struct watch watch; /* arriving, lingering */
	size_t looked_at;   /* bytes, while it arrives */
	size_t drained;
	struct head head;
	struct target target;
	bool body_unread; /* announced, and answered without reading it */
	struct buf body;
};

size_t visits_most(void); /* VISITS_MOST, or half of the descriptors where these are few */
void visits_init(struct visits *set, struct loop *loop, void (*arrived)(struct visit *v),
		 void (*room)(struct visits *set));
void visits_release(struct visits *set); /* when the library has ended all others */

/* Takes over fd, which does not block. Calls arrived as soon as the head is known, perhaps before
 * it returns. */
void visit_begin(struct visits *set, int fd, const struct sockaddr *address, socklen_t address_len);
void visit_hand_over(struct visit *v); /* fd is the library's from now on */
/* while it is ours: answers and ends; frees, at once or after lingering */
void visit_dismiss(struct visit *v, const struct buf *answer);

void visit_go_on(struct visit *v); /* the next part has its own time */
void visit_leave(struct visit *v); /* the socket lives on elsewhere: no more deadline */
/* the library is about to close the socket; frees, at once or after lingering */
void visit_end(struct visit *v);

#endif
