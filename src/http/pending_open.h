/* SPDX-License-Identifier: PostgreSQL */
/*
 * pending_open.h: a request for a stream whose entitlement the database has to say: it came with a
 * ticket, or the stream has an authorize function. Or a request for several streams, whose
 * functions are asked one after the other. While the database is away it is held: first in silence,
 * then with the stream's head and pings, because a browser's EventSource gives up for ever on any
 * status but 200, and proxies on silence.
 */
#ifndef HTTP_PENDING_OPEN_H
#define HTTP_PENDING_OPEN_H

#include "http/admission.h"
#include "http/waiter.h"

/* What the gate knows of the request when it holds it. */
struct pending_open_request {
	const struct request *request;
	const struct params *query; /* of the query alone */
	struct multi *multi;        /* taken over; NULL: it asks for the stream of its path */
	struct identity *identity;  /* taken over; NULL: a ticket says who it is */
	const char *ticket;         /* its hash, of TICKET_HASH_MAX bytes; NULL: none */
	bool resume, unknown;       /* as in outlet.h */
	struct cursor after;
	struct outlet_delivery delivery;
};

/* False: it cannot be held, *ret_refusal is the answer. */
MUST_CHECK bool pending_open_start(struct gate *gate, const struct pending_open_request *request,
				   struct refusal *ret_refusal);

#endif
