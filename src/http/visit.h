/* SPDX-License-Identifier: PostgreSQL */
/*
 * visit.h: one connection in the HTTP library's hands, from its start to its end, and the time it is given: VISIT_MS for a whole
 * head, as much again for the body, as much again to take the answer. The library's own timeout begins anew with each byte
 * (0.9.75): a byte a second would keep a connection for ever. A visit that is late has its socket shut down, which the library
 * notices and frees it. Where half of visits_most are there, the next ones are given VISIT_CROWD_MS only: slow clients shall not
 * keep the others waiting at the door.
 * One request a visit: every answer ends it, so nothing behind a request is ever run.
 *
 * A client that still sends when the library closes the socket would get a reset, which may overtake the answer (RFC 9112 9.6). A
 * duplicate of such a socket lingers: what comes is thrown away until the client closes as well, VISIT_LINGER_MS or
 * VISIT_LINGER_BYTES are over.
 */
#ifndef HTTP_VISIT_H
#define HTTP_VISIT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/loop.h"
#include "http/target.h"

#define VISIT_MS 10000
#define VISITS_MOST 2048 /* at a time; streams do not count */
#define VISIT_CROWD_MS 2000
#define VISIT_LINGER_MS 2000
#define VISIT_LINGER_BYTES ((size_t)4 << 20)
#define VISITS_LINGERING 256 /* at a time; more are closed at once */

/* Those of one HTTP door. It can end those that linger; the others are the library's to end. */
struct visits {
	struct loop *loop;
	size_t count; /* the library's */
	struct list lingering;
	size_t lingering_count;
};

struct visit {
	struct visits *set;
	struct list link; /* of lingering */
	int fd; /* the library's; -1: the socket is a stream's now; lingering: our duplicate */
	struct timer deadline;
	struct watch watch; /* lingering */
	size_t drained;
	struct target target;
	bool body_refused; /* announced, and answered without reading it */
	size_t body_len;   /* announced, and to be read; 0: none, or the head has not come */
	struct buf body;
};

size_t visits_most(void); /* VISITS_MOST, or half of the descriptors where these are few */
void visits_init(struct visits *set, struct loop *loop);
void visits_release(struct visits *set); /* when the library has ended all others */

struct visit *visit_begin(struct visits *set, int fd);
void visit_go_on(struct visit *v); /* the next part has its own time */
void visit_leave(struct visit *v); /* the socket lives on elsewhere: no more deadline */
void visit_end(struct visit *v);   /* the library is about to close the socket; frees, at once or after lingering */

#endif
