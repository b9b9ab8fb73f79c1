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

#include "base/list.h"
#include "hub/question.h"
#include "http/request.h"

/* requests that wait for the same answer; more are answered 503: nobody had to show a token */
#define CONTRACT_WAITING_MAX 200
#define CONTRACT_TAG_MAX 19

struct gate;

struct contract {
	char *body;                 /* NULL: not known */
	char tag[CONTRACT_TAG_MAX]; /* its ETag: the same from all instances */
	struct question question;
	bool asked;          /* the question is under way */
	bool stale;          /* ... and its answer may be old when it comes */
	struct list waiting; /* struct schema_visit */
	size_t waiting_count;
};

void contract_init(struct contract *s);
void contract_release(struct contract *s,
		      struct question_ops questions); /* nobody waits any more */

/* What was kept may be old: the next request asks anew. */
void contract_forget(struct contract *s);

bool contract_get(struct gate *gate, const struct request *r);

#endif
