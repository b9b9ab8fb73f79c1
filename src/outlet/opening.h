/* SPDX-License-Identifier: PostgreSQL */
/*
 * opening.h: how a stream begins and gets to the shared log: at once, behind a cursor that the log
 * still holds; or by pages of what the database has, until one ends where the log goes on. And how
 * it begins anew, when that cannot be had.
 */
#ifndef OUTLET_OPENING_H
#define OUTLET_OPENING_H

#include <stdint.h>

#include "outlet/outlet.h"

/* What the gate has decided about a request: filled in on its way, and handed to the outlet. */
struct opening {
	int fd;    /* the socket */
	bool bare; /* HTTP/1.0: no chunks */
	struct outlet_delivery delivery;
	bool resume;         /* after `after`; else from now on */
	bool unknown;        /* its Last-Event-ID is no cursor */
	struct cursor after; /* tick 0: from the beginning of what is retained */
	bool head_sent;      /* it had to wait, and has its HTTP head already */
	struct selection *selection;
	struct holder holder;
	char *address; /* of the client */
	char *cors;    /* header lines, or NULL; borrowed */
};

/* Takes it over, but not cors; sends the head and what is there already. */
struct outlet *opening_open(struct outlets *set, struct opening *opening);

/* What has been read is sent: it joins the log, or reads the next page. */
void opening_go_on(struct outlet *o);

/* Reads the changes behind `after` up to the end of a tick, without those of the transactions in
 * `seen`. */
void opening_ask_changes(struct outlet *o, struct cursor after, int64_t upto_tick,
			 const char *seen);

/* Up to the end of this tick everything has been appended: it joins the log when that is sent. */
void opening_caught_up(struct outlet *o, int64_t tick);

/* Tells the subscriber that what it missed cannot be had, and goes on from now; with a snapshot,
 * where the stream has one. */
void opening_reset(struct outlet *o, const char *reason);

#endif
