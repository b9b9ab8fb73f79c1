/* SPDX-License-Identifier: PostgreSQL */
/*
 * contract.h: answers GET /stream/schema.
 *
 * The answer is the contract of all streams as JSON Schema (herald.schema). It needs no token. It
 * names what the authors of rules have decided to tell, and it shows no row.
 *
 * The answer is kept until something of it may have changed. While it is not known, one question is
 * under way, however many ask. While the database is away the answer is 503, because what was kept
 * may be old.
 */
#ifndef GATE_CONTRACT_H
#define GATE_CONTRACT_H

#include <stdbool.h>

#include "hub/question.h"
#include "http/request.h"
#include "gate/gate.h"

struct contract; /* owned by the gate */

struct contract *contract_new(void);
/* To be called when no request waits any more. */
void contract_free(struct contract *c, struct question_ops questions);

/* What was kept may be old. The next request asks the database again. */
void contract_forget(struct contract *c);

/* True if the request is answered. False if its socket has been taken over. */
bool contract_get(struct gate *gate, const struct request *r);

#endif
