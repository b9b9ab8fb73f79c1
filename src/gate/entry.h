/* SPDX-License-Identifier: PostgreSQL */
/*
 * entry.h: a request on its way through the gate.
 *
 * Its head is well (head.h). It becomes a connection that stays open (outlet.h), the call of an
 * action, or an answer.
 *
 * For a stream these are checked, in this order: path, method, token, entitlement, room. A request
 * may ask for several streams (multi.h). Then each of them is checked.
 *
 * A refusal is answered through the HTTP library. A request that is let in is taken over from it.
 * So is one that only the database can decide (waiter.h).
 */
#ifndef GATE_ENTRY_H
#define GATE_ENTRY_H

#include <stdbool.h>

#include "http/request.h"
#include "gate/gate.h"

/* True if the request is answered. False if its socket has been taken over. */
bool entry_admit(struct gate *g, const struct request *r);

#endif
