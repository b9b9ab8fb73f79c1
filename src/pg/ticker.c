/* SPDX-License-Identifier: PostgreSQL */
#include "pg/ticker.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/ticker_bells.h"
#include "pg/ticker_steps.h"

#define CANNOT_CONNECT_NOW "57P03"
#define INVALID_STATEMENT "26000"

int64_t ticker_owes_since(const struct ticker *t)
{
	return ticker_earlier(ticker_earlier(t->debt.rung_ms, t->debt.look_ms),
			      ticker_earlier(t->debt.told_ms, t->debt.read_ms));
}

/* True if the read is tried again, with more care. */
static bool slow_down(struct ticker *t)
{
	if (t->step != TICKER_READ || t->pace == TICKER_WITHOUT_DATA ||
	    !conn_read_in_vain(&t->conn))
		return false;
	t->pace++;
	ticker_wish(t, TICKER_READ);
	return true;
}

static const char *misfits(struct ticker *t)
{
	if (!t->misfit)
		t->calls.misfit(t->calls.ctx, t->session.schema.newest,
				session_bad_encoding(&t->session));
	t->misfit = true;
	return "the database does not fit";
}

static const char *tell_stopping(struct ticker *t)
{
	static const char why[] = "the server waits for its clients to leave: it is shutting down";

	t->calls.stopping(t->calls.ctx, why);
	return why;
}

/* A server that lives but lets nobody in waits for its clients to leave. */
static void on_refused(struct conn *c, const char *why)
{
	struct ticker *t = container_of(c, struct ticker, probe);

	if (strstr(why, CANNOT_CONNECT_NOW) != NULL && t->session.step == SESSION_READY)
		conn_leave(&t->conn, tell_stopping(t));
}

static void on_let_in(struct conn *c)
{
	conn_stop(c);
}

static const struct conn_calls probe_calls = {.up = on_let_in, .refused = on_refused};

static void probe(struct ticker *t)
{
	if (t->loop->now_ms - t->probed_ms < TICKER_PROBE_MS || t->probe.state != CONN_DOWN)
		return;
	t->probed_ms = t->loop->now_ms;
	conn_start(&t->probe);
}

/* The session is a pooled one from the next connection on. */
static void begin_pooled(struct ticker *t)
{
	session_pool(&t->session);
	t->calls.pooled(t->calls.ctx);
}

static const char *fault_of_care(struct ticker *t)
{
	/* Only a pooler that lends sessions does that, so no other proof is needed. */
	if (t->astray && !t->session.pooled) {
		begin_pooled(t);
		return "another server process answers than before: a pooler lends the session to "
		       "others";
	}
	if (!schema_fits(t->session.schema, t->options.schema_version))
		return misfits(t);
	if (t->blind && !t->session.pooled)
		probe(t);
	return t->stopping ? tell_stopping(t) : NULL;
}

/* Only this connection can throw away a statement that it has prepared. If one is gone, another
 * server process has it. */
static const char *fault_of_failure(struct ticker *t)
{
	bool gone =
		strcmp(t->conn.fault_state, INVALID_STATEMENT) == 0 && t->step < TICKER_STATEMENTS;

	t->proved = false; /* it is proved again, unless this failure proves it */
	if (!gone || t->session.pooled)
		return "a query failed";
	begin_pooled(t);
	return "another server process answers, without our statements: a pooler lends the session "
	       "to others";
}

/* Returns why the connection cannot go on after this step. NULL if it can. */
static const char *fault_of_step(struct ticker *t, bool ok)
{
	if (!ok)
		return fault_of_failure(t);
	if (t->step == TICKER_CARE)
		return fault_of_care(t);
	if (t->step == TICKER_SAME && !t->same)
		return t->follows ? "the database no longer follows the same log"
				  : "the database follows another one's log now";
	return NULL;
}

/* One of the session's first steps has succeeded. */
static void begin(struct ticker *t)
{
	if (!session_fits(&t->session)) {
		conn_drop(&t->conn, misfits(t));
		return;
	}
	session_next(&t->session);
	if (t->session.step == SESSION_READY) {
		ticker_run(t, TICKER_ATTACH);
	}
}

static void on_result(struct conn *c, const PGresult *res)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	if (t->step == TICKER_PROOF && PQntuples(res) == 1)
		proof_result(&t->proof, res);
	else if (t->step == TICKER_BEGIN && PQntuples(res) == 1)
		session_result(&t->session, res);
	else if (t->step < TICKER_STATEMENTS)
		ticker_take(t, res);
}

static void on_done(struct conn *c, bool ok)
{
	struct ticker *t = container_of(c, struct ticker, conn);
	const char *fault;

	if (!ok && slow_down(t)) {
		ticker_next_step(t);
		return;
	}
	fault = fault_of_step(t, ok);
	if (fault != NULL) {
		conn_drop(c, fault);
	} else if (t->step == TICKER_CARE && t->session.pooled && t->session.elder.pid != 0) {
		/* What the session has left with the pool is looked after once more. Nothing is
		 * lost by it. */
		t->step = TICKER_BEGIN;
		session_begin(&t->session);
	} else if (t->step == TICKER_PROOF) {
		proof_done(&t->proof);
	} else if (t->step == TICKER_BEGIN) {
		begin(t);
	} else {
		ticker_conclude(t);
		ticker_next_step(t);
	}
}

static void on_up(struct conn *c)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	if (t->proved || t->session.pooled || t->unproved >= 2) {
		t->unproved = 0;
		t->step = TICKER_BEGIN;
		session_begin(&t->session);
	} else {
		t->step = TICKER_PROOF;
		proof_begin(&t->proof);
	}
}

/* If nothing could be proved, the session is taken for our own, as most are. The next connection
 * tries again. */
static void on_proved(struct proof *p, enum proof_verdict verdict)
{
	struct ticker *t = container_of(p, struct ticker, proof);

	t->proved = verdict != PROOF_NONE;
	if (verdict == PROOF_POOLED)
		begin_pooled(t);
	else if (verdict == PROOF_NONE && p->pid != PQbackendPID(t->conn.pg))
		log_warn("[STREAM JOB] a pooler stands between. It could not be found out whether "
			 "it "
			 "keeps our sessions, because a second connection could not be made, or "
			 "failed");
	t->step = TICKER_BEGIN;
	session_begin(&t->session);
}

static void on_lost(struct conn *c)
{
	static const enum ticker_step of_a_session[] = {TICKER_HEAD,    TICKER_CARE,   TICKER_SAME,
							TICKER_ACTIONS, TICKER_RISE,   TICKER_DOZE,
							TICKER_SINCE,   TICKER_SETTLED};
	struct ticker *t = container_of(c, struct ticker, conn);

	session_lost(&t->session);
	t->doubt_tick = t->doubt_read = c->stalled;
	t->unproved += t->step == TICKER_PROOF;
	proof_stop(&t->proof);
	conn_stop(&t->probe);           /* it is of this session's server */
	t->leader = t->listens = false; /* its locks went with the session */
	t->early = t->anew = false;
	t->pace = TICKER_AS_IT_COMES;
	t->debt.rung_ms = ticker_earlier(t->debt.rung_ms, t->debt.look_ms);
	t->debt.look_ms = 0;
	for (size_t i = 0; i < ARRAY_SIZE(of_a_session); i++)
		ticker_unwish(t, of_a_session[i]);
	wake_sleep(&t->wake);
	loop_stop_timer(t->loop, &t->look);
	defs_release(&t->defs);
	loop_stop_timer(t->loop, &t->suspect);
	t->calls.available(t->calls.ctx, false);
}

static bool on_enough(const struct conn *c)
{
	const struct ticker *t =
		(const struct ticker *)(uintptr_t)container_of(c, struct ticker, conn);

	return t->calls.enough(t->calls.ctx);
}

static const struct conn_calls conn_calls = {.up = on_up,
					     .lost = on_lost,
					     .result = on_result,
					     .enough = on_enough,
					     .done = on_done,
					     .notified = ticker_bells_heard};

static int most_quiet_ms(const struct ticker_options *options)
{
	return options->poll_interval_ms < TICKER_CARE_MS ? options->poll_interval_ms
							  : TICKER_CARE_MS;
}

void ticker_init(struct ticker *t, struct loop *loop, const struct ticker_options *options,
		 const struct ticker_calls *calls)
{
	*t = (struct ticker){
		.loop = loop, .options = *options, .calls = *calls, .step = TICKER_PROOF};
	ticker_list_statements(t->statements);
	conn_init(&t->conn, loop, options->conninfo, "pgherald ticker", &conn_calls);
	/* The locks of a frozen or lost daemon must go. So the server ends a session that is silent
	 * for longer than it ever is quiet. */
	session_init(&t->session, &t->conn,
		     &(struct session_plan){.statements = t->statements,
					    .count = TICKER_STATEMENTS,
					    .schema_version = options->schema_version,
					    .idle_most_ms = most_quiet_ms(options) + CONN_STALL_MS,
					    .listens = true});
	conn_init(&t->probe, loop, options->conninfo, "pgherald probe", &probe_calls);
	conn_go_with(&t->probe, &t->conn, true);
	proof_init(&t->proof, &t->conn, options->conninfo, on_proved);
	ticker_bells_init(t);
	decode_init(&t->decode);
	wake_init(&t->wake, options->wake);
}

void ticker_start(struct ticker *t)
{
	conn_start(&t->conn);
	ticker_bells_start(t);
}

void ticker_want_revocations(struct ticker *t)
{
	ticker_wish(t, TICKER_REVOKED);
	ticker_nudge(t);
}

void ticker_release(struct ticker *t)
{
	proof_stop(&t->proof);
	conn_stop(&t->probe);
	conn_stop(&t->conn);
	ticker_bells_stop(t);
	free(t->since);
	defs_release(&t->defs);
	decode_release(&t->decode);
}
