/* SPDX-License-Identifier: PostgreSQL */
/*
 * pending_open.h: a request for streams whose entitlement the database has to say: it came with a
 * ticket, or a stream has an authorize function. The functions are asked one after the other. While
 * the database is away the request waits: first in silence, then with the stream's head and pings,
 * because a browser's EventSource gives up for ever on any status but 200, and proxies on silence.
 */
#ifndef GATE_PENDING_OPEN_H
#define GATE_PENDING_OPEN_H

#include "outlet/opening.h"
#include "gate/multi.h"
#include "gate/waiter.h"

/* What the gate knows of the request. */
struct pending_open_request {
	const struct request *request;
	const struct opening *opening; /* as far as it is known; copied */
	struct multi *multi;           /* taken over, also where it is refused */
	struct identity *identity;     /* taken over; NULL: a ticket says who it is */
	const char *ticket;            /* its hash, of DIGEST_TEXT_MAX bytes; NULL: none */
};

/* False: it cannot wait, *ret_refusal is the answer. */
MUST_CHECK bool pending_open_start(struct gate *gate, const struct pending_open_request *request,
				   struct refusal *ret_refusal);

#endif
