/* SPDX-License-Identifier: PostgreSQL */
/*
 * gate.h: what all of this room share. Requests pass through it (entry.h), wait in it for the
 * database (waiter.h), or are answered by it. keeper.h begins and ends it.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "hub/question.h"
#include "http/refusal_stats.h"
#include "outlet/outlets.h"
#include "gate/actions.h"

struct contract;

struct gate {
	/* borrowed, set by the caller before keeper_open */
	struct loop *loop;
	const struct http_options *options;
	struct outlets *outlets;
	struct question_ops questions;

	struct list waiters;      /* struct waiter: requests that wait for the database */
	struct list waiters_over; /* to be freed at the end of the turn */
	size_t waiter_count;
	struct actions actions;
	struct contract *contract;     /* owned */
	struct refusal_stats refusals; /* requests that were not let in */
	uint64_t requests;             /* whose head was read, whatever it was answered */
	bool available;                /* the database can be asked */
};

#endif
