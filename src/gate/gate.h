/* SPDX-License-Identifier: PostgreSQL */
/*
 * gate.h: what the modules of this room share.
 *
 * Requests pass through the gate (entry.h), wait in it for the database (waiter.h), or are answered
 * by it. keeper.h begins and ends it.
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "hub/question.h"
#include "http/refusal_stats.h"
#include "http/strangers.h"
#include "gate/actions.h"

struct contract;
struct http_options;
struct loop;
struct outlets;

/*
 * Asks for keys that are not here yet. True if the key for a token of this issuer may come
 * (keeper_keys_came). `issuer` is NULL if the token names none.
 */
struct key_source {
	bool (*ask)(void *ctx, const char *issuer);
	void *ctx;
};

struct gate {
	/* Borrowed. The caller sets these before keeper_open. */
	struct loop *loop;
	const struct http_options *options;
	struct outlets *outlets;
	struct question_ops questions;
	struct key_source key_source;

	struct list waiters;      /* struct waiter: requests that wait for the database */
	struct list waiters_over; /* struct waiter: to be freed at the end of the turn */
	size_t waiter_count;
	struct actions actions;
	struct contract *contract;     /* owned */
	struct refusal_stats refusals; /* requests that were not let in */
	struct strangers strangers;    /* pages whose origin is not allowed */
	/* Requests whose head was read, whatever the answer was. */
	uint64_t requests;
	bool available; /* the database can be asked */
};

#endif
