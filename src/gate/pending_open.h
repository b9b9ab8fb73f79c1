/* SPDX-License-Identifier: PostgreSQL */
/*
 * pending_open.h: a request for streams that cannot be decided yet. It is one of these:
 *
 * - It came with a ticket, of which only the database knows.
 * - A stream has an authorize function, or a function that lists values of its match, or values
 * that only the database can compare. It is asked of several streams one after the other.
 * - The key of its token is still to come from an identity provider.
 *
 * While the database or the keys are away the request waits. It waits in silence first, then with a
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

#define PENDING_OPEN_KEY_MS 4000 /* until the head, while a key is waited for */

/* What the gate knows of the request. */
struct pending_open_request {
	const struct request *request;
	const struct opening *opening; /* as far as it is known; copied */
	struct multi *multi;           /* taken over, even if the request is refused */
	struct identity *identity;     /* taken over; not read if one of the next is given */
	const char *ticket;            /* its hash, of DIGEST_TEXT_MAX bytes; NULL if none */
	char *token;                   /* taken over; its key is to come; NULL if none */
};

/* Takes the request over. False if it cannot wait, and *ret_refusal is the answer. */
MUST_CHECK bool pending_open_start(struct gate *gate, const struct pending_open_request *request,
				   struct refusal *ret_refusal);

#endif
