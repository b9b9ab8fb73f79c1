/* SPDX-License-Identifier: PostgreSQL */
/*
 * pending_open.h: a request for streams whose entitlement only the database can say.
 *
 * It came with a ticket, or a stream has an authorize function. The functions are asked one after
 * the other. While the database is away the request waits. It waits in silence first, then with a
 * head and pings. A browser's EventSource gives up for ever on any status but 200, and proxies give
 * up on silence.
 *
 * It frees itself when it becomes a connection, is refused, or its client leaves.
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
	struct multi *multi;           /* taken over, even if the request is refused */
	struct identity *identity;     /* taken over; not read if there is a ticket */
	const char *ticket;            /* its hash, of DIGEST_TEXT_MAX bytes; NULL if none */
};

/* Takes the request over. False if it cannot wait, and *ret_refusal is the answer. */
MUST_CHECK bool pending_open_start(struct gate *gate, const struct pending_open_request *request,
				   struct refusal *ret_refusal);

#endif
