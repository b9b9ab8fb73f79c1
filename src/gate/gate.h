/* SPDX-License-Identifier: PostgreSQL */
/*
 * gate.h: decides what becomes of a request whose head is well (head.h): a connection that stays
 * open (outlet.h), an action, or an answer. For a stream it checks, in this order: path, method,
 * token, entitlement, room. A request may ask for several streams (multi.h): then that holds for
 * each. What is refused is answered through the HTTP library. What is let in is taken over from it,
 * and so is what only the database can decide (waiter.h).
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "hub/event.h"
#include "http/refusal_stats.h"
#include "http/request.h"
#include "outlet/outlets.h"
#include "gate/actions.h"
#include "gate/contract.h"

struct gate {
	/* borrowed, set by the caller before gate_init */
	struct loop *loop;
	const struct http_options *options;
	struct outlets *outlets;
	struct question_ops questions;

	struct list waiters;      /* struct waiter: requests that wait for the database */
	struct list waiters_over; /* to be freed at the end of the turn */
	size_t waiter_count;
	struct actions actions;
	struct contract contract;
	struct refusal_stats refusals; /* requests that were not let in */
	uint64_t requests;             /* whose head was read, whatever it was answered */
	bool available;                /* the database can be asked */
};

void gate_init(struct gate *g);
void gate_release(struct gate *g); /* ends without a word what still waits; before the outlets */

/* True: the request is answered; false: its socket has been taken over. */
bool gate_admit(struct gate *g, const struct request *r);

/* What the log says to all gates (tenure.h), for who waits here and who is open. True: revocations
 * are to be read anew. */
bool gate_hear(struct gate *g, const struct event *event);

/* The streams are defined anew: who is on one that is gone ends, who waits is asked about again. */
void gate_streams_changed(struct gate *g);

/* The program ends soon: nothing new is opened, what is open ends; requests that the database works
 * on are answered first. */
void gate_drain(struct gate *g);

void gate_reap(struct gate *g); /* frees what has ended; between turns only */

#endif
