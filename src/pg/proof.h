/* SPDX-License-Identifier: PostgreSQL */
/*
 * proof.h: is a session our own, or does a pooler lend it for a transaction at a time (pgbouncer's
 * pool_mode = transaction, and others')? What a session sets, locks or listens to would stay with
 * the pool's server process then, and not be there for the next statement.
 *
 * Proved by what happens, not by anybody's name, and without a trace: a second connection holds a
 * transaction open. A pooler lends it the server process that the first one has just given back, or
 * gives the first one another afterwards. Whoever has a session of its own answers from the same
 * process always, and the second from another. The second goes to the first's server, and nowhere
 * else: of several servers another would prove nothing.
 */
#ifndef PG_PROOF_H
#define PG_PROOF_H

#include "pg/conn.h"

#define PROOF_ROUNDS 3
#define PROOF_MS 3000 /* for the second connection to be made, too */

enum proof_verdict {
	PROOF_OWN,
	PROOF_POOLED,
	PROOF_NONE /* the second connection could not be made, or failed */
};

enum proof_step { PROOF_REST, PROOF_FIRST, PROOF_HOLD, PROOF_AGAIN, PROOF_LET };

struct proof {
	struct conn *first; /* its owner passes on what it answers */
	struct conn second;
	enum proof_step step;
	int pid;      /* of the first's server process */
	int answered; /* the last that has answered */
	int rounds;
	struct timer timer;
	void (*ended)(struct proof *p, enum proof_verdict verdict);
};

void proof_init(struct proof *p, struct conn *first, const char *conninfo,
		void (*ended)(struct proof *, enum proof_verdict));
/* the first is idle; `ended` may be called before this returns */
void proof_begin(struct proof *p);
void proof_result(struct proof *p, const PGresult *res); /* of the first */
void proof_done(struct proof *p);                        /* its query has gone well */
void proof_stop(struct proof *p);                        /* without a verdict */

#endif
