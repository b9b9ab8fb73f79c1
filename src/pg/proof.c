/* SPDX-License-Identifier: PostgreSQL */
#include "pg/proof.h"

#include <stdlib.h>
#include <string.h>

#define WHICH "SELECT pg_catalog.pg_backend_pid()"

static void take_pid(struct proof *p, const PGresult *res)
{
	if (PQntuples(res) == 1)
		p->answered = atoi(PQgetvalue(res, 0, 0));
}

void proof_stop(struct proof *p)
{
	p->step = PROOF_REST;
	conn_stop(&p->second);
	loop_stop_timer(p->first->loop, &p->timer);
}

static void end(struct proof *p, enum proof_verdict verdict)
{
	proof_stop(p);
	p->ended(p, verdict);
}

static void ask(struct proof *p, struct conn *whom, enum proof_step step, const char *sql)
{
	p->step = step;
	p->answered = 0;
	conn_script(whom, sql);
}

static void hold(struct proof *p)
{
	ask(p, &p->second, PROOF_HOLD, "BEGIN; " WHICH);
}

void proof_begin(struct proof *p)
{
	p->rounds = 0;
	loop_set_timer(p->first->loop, &p->timer, PROOF_MS);
	ask(p, p->first, PROOF_FIRST, WHICH);
}

void proof_result(struct proof *p, const PGresult *res)
{
	take_pid(p, res);
}

void proof_done(struct proof *p)
{
	if (p->step == PROOF_FIRST) {
		p->pid = p->answered;
		p->step = PROOF_REST;
		conn_start(&p->second);
	} else if (p->step == PROOF_AGAIN && p->answered != p->pid) {
		end(p, PROOF_POOLED);
	} else if (p->step == PROOF_AGAIN) {
		ask(p, &p->second, PROOF_LET, "ROLLBACK");
	} else { /* on_late stopped the proof before */
		end(p, PROOF_NONE);
	}
}

static void on_up(struct conn *c)
{
	hold(container_of(c, struct proof, second));
}

static void on_result(struct conn *c, const PGresult *res)
{
	take_pid(container_of(c, struct proof, second), res);
}

/* A pooler may give a number of its own in place of the server process's. That shows what it is. A
 * failure says nothing if it is for want of resources. Nor does one because somebody cancels, stops
 * or ends the query. */
static enum proof_verdict verdict_of_failure(const struct proof *p)
{
	const char *state = p->second.failed ? p->second.fault_state : "";
	bool passes = strncmp(state, "53", 2) == 0 || strncmp(state, "57", 2) == 0;

	return p->pid != PQbackendPID(p->first->pg) && !passes ? PROOF_POOLED : PROOF_NONE;
}

/* A pooler that lends a session only for single statements refuses a transaction. */
static void on_done(struct conn *c, bool ok)
{
	struct proof *p = container_of(c, struct proof, second);

	if (!ok)
		end(p, verdict_of_failure(p));
	else if (p->step == PROOF_HOLD && p->answered == p->pid)
		end(p, PROOF_POOLED);
	else if (p->step == PROOF_HOLD)
		ask(p, p->first, PROOF_AGAIN, WHICH);
	else if (++p->rounds < PROOF_ROUNDS)
		hold(p);
	else
		end(p, PROOF_OWN);
}

/* Such a pooler may also end the connection because of it. */
static void on_lost(struct conn *c)
{
	struct proof *p = container_of(c, struct proof, second);

	if (p->step == PROOF_HOLD)
		end(p, verdict_of_failure(p));
}

static void on_late(struct timer *t)
{
	struct proof *p = container_of(t, struct proof, timer);

	if (p->first->state == CONN_BUSY)
		proof_stop(p); /* when the first answers, proof_done ends it */
	else
		end(p, PROOF_NONE);
}

static const struct conn_calls calls = {
	.up = on_up, .lost = on_lost, .result = on_result, .done = on_done};

void proof_init(struct proof *p, struct conn *first, const char *conninfo,
		void (*ended)(struct proof *, enum proof_verdict))
{
	*p = (struct proof){.first = first, .ended = ended};
	conn_init(&p->second, first->loop, conninfo, "pgherald proof", &calls);
	conn_go_with(&p->second, first, true);
	timer_init(&p->timer, on_late);
}
