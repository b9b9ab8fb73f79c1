/* SPDX-License-Identifier: PostgreSQL */
/*
 * contract.h: GET /stream/schema: the contract of all streams (herald.schema) as JSON Schema. Asked
 * for without a token: it names what the authors of rules have decided to tell, and no row. The
 * answer is kept until something of it may have changed; while it is not known one question is
 * under way, however many ask. 503 while the database is away: what was kept may be old.
 */
#ifndef GATE_CONTRACT_H
#define GATE_CONTRACT_H

#include <stdbool.h>

#include "hub/question.h"
#include "http/request.h"
#include "gate/gate.h"

struct contract; /* of the gate */

struct contract *contract_new(void);
void contract_free(struct contract *c, struct question_ops questions); /* nobody waits any more */

/* What was kept may be old: the next request asks anew. */
void contract_forget(struct contract *c);

bool contract_get(struct gate *gate, const struct request *r);

#endif
