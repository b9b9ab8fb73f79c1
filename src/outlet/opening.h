/* SPDX-License-Identifier: PostgreSQL */
/*
 * opening.h: how a connection begins and gets to the shared log.
 *
 * It gets there at once, after a cursor that the log still holds. Or it is sent a snapshot, or
 * pages of what the database has, first. If what it missed cannot be had, it begins again with a
 * `reset`.
 */
#ifndef OUTLET_OPENING_H
#define OUTLET_OPENING_H

#include <stdint.h>

#include "outlet/outlet.h"

/*
 * What the gate has decided about a request. The gate fills it in on the request's way, and hands
 * it to the outlet.
 */
struct opening {
	int fd;    /* the socket */
	bool bare; /* HTTP/1.0: no chunks */
	struct outlet_delivery delivery;
	bool resume;         /* it begins after `after`; if false, from now on */
	bool unknown;        /* its Last-Event-ID is no cursor */
	struct cursor after; /* with tick 0, from the beginning of what is retained */
	bool head_sent;      /* the request had to wait, and has its HTTP head already */
	struct selection *selection;
	struct holder holder;
	char *address; /* of the client */
	char *cors;    /* header lines, or NULL; borrowed */
};

/*
 * Opens a connection. Sends the head and what is there already. It takes over what `opening` owns,
 * but not `cors`. If the socket cannot be watched, the connection is closed already when it is
 * returned.
 */
struct outlet *opening_open(struct outlets *set, struct opening *opening);

/*
 * Tells the client that what it missed cannot be had (`reset`). Then the connection goes on from
 * now. It goes on with a snapshot instead if the stream has one. `reason` is "expired", "restored"
 * or "unknown".
 */
void opening_reset(struct outlet *o, const char *reason);

#endif
