/* SPDX-License-Identifier: PostgreSQL */
/*
 * proof.h: finds out whether a session is our own or a pooler lends it.
 *
 * Some poolers lend a session for one transaction at a time, such as pgbouncer with pool_mode =
 * transaction. What our session sets, locks or listens to would then stay with the pool's server
 * process. It would not be there for the next statement.
 *
 * The proof goes by what happens, not by names, and leaves no trace. A second connection holds a
 * transaction open. A pooler lends it the server process that the first connection has just given
 * back. Or it gives the first connection another process afterwards. A session of our own always
 * answers from the same process, and the second connection from another one.
 *
 * The second connection goes only to the server of the first. Another server would prove nothing.
 */
#ifndef PG_PROOF_H
#define PG_PROOF_H

#include "pg/conn.h"

#define PROOF_ROUNDS 3
#define PROOF_MS 3000 /* milliseconds; includes the time to make the second connection */

enum proof_verdict {
	PROOF_OWN,
	PROOF_POOLED,
	PROOF_NONE /* the second connection could not be made, or it failed */
};

enum proof_step { PROOF_REST, PROOF_FIRST, PROOF_HOLD, PROOF_AGAIN, PROOF_LET };

struct proof {
	struct conn *first; /* borrowed; its owner passes on what it answers */
	struct conn second;
	enum proof_step step;
	int pid;      /* of the server process of the first */
	int answered; /* the process that answered last */
	int rounds;
	struct timer timer;
	void (*ended)(struct proof *p, enum proof_verdict verdict);
};

void proof_init(struct proof *p, struct conn *first, const char *conninfo,
		void (*ended)(struct proof *, enum proof_verdict));
/* The first connection must be idle. `ended` may be called before this returns. */
void proof_begin(struct proof *p);
void proof_result(struct proof *p, const PGresult *res); /* one row of the first */
void proof_done(struct proof *p);                        /* the query of the first has succeeded */
void proof_stop(struct proof *p);                        /* without a verdict */

#endif
