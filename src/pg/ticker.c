/* SPDX-License-Identifier: PostgreSQL */
#include "pg/ticker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/ticker_steps.h"

#define CANNOT_CONNECT_NOW "57P03"
#define INVALID_STATEMENT "26000"
#define PRUNE_EVERY_MS 60000 /* or a quarter of a short retention */

/* --- the log --- */

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

/* Something is wanted. It runs at once if the ticker rests, and otherwise when the running step
 * ends. */
static void nudge(struct ticker *t)
{
	if (t->step == TICKER_REST)
		ticker_next_step(t);
}

static const char *misfits(struct ticker *t)
{
	if (!t->misfit)
		t->calls.misfit(t->calls.ctx, t->session.schema_version,
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
	if (t->session.schema_version != t->options.schema_version)
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

/* --- what wakes it --- */

static void ring(struct ticker *t, struct ticker_bell *b, enum ticker_step step)
{
	int wait = wake_ration_wait_ms(&b->ration, t->loop->now_ms);

	if (wait == 0) {
		b->rung = true;
		ticker_wish(t, step);
	} else if (!timer_pending(&b->timer)) {
		loop_set_timer(t->loop, &b->timer, wait);
	}
}

/* A ticker that is awake looks anyhow. */
static void on_doorbell(struct ticker *t)
{
	t->debt.rung_ms = ticker_earlier(t->debt.rung_ms, t->loop->now_ms);
	if (!t->leader)
		ticker_suspect(t);
	else if (t->wake.mood != WAKE_AWAKE)
		ring(t, &t->door, TICKER_TICK);
	if (t->leader)
		ticker_wish_if(t, TICKER_RISE, wake_on_bell(&t->wake, t->loop->now_ms));
}

static void on_door(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, door.timer);

	ring(t, &t->door, TICKER_TICK);
	nudge(t);
}

static void on_tick_bell(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, tick.timer);

	ring(t, &t->tick, TICKER_READ);
	nudge(t);
}

static void on_definitions(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, definitions.timer);

	ring(t, &t->definitions, TICKER_STREAMS);
	nudge(t);
}

static void on_notified(struct conn *c, const char *channel, int backend_pid)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	if (strcmp(channel, "herald") == 0) {
		on_doorbell(t);
	} else if (strcmp(channel, "herald_streams") == 0) {
		ring(t, &t->definitions, TICKER_STREAMS);
	} else if (backend_pid != t->session.pid) {
		ring(t, &t->tick, TICKER_READ);
		t->heard_ms = t->loop->now_ms;
		t->debt.told_ms = ticker_earlier(ticker_earlier(t->debt.told_ms, t->debt.rung_ms),
						 t->heard_ms);
		t->debt.rung_ms = 0;
		if (!t->leader)
			/* The instance with the role may have died while it was awake. Nobody rings
			 * for what came after this tick. */
			ticker_suspect(t);
	}
	nudge(t);
}

/* There was a doorbell or a tick a while ago. While ticks come, all is well. When none comes, this
 * instance makes one. */
static void on_suspect(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, suspect);
	int64_t left = t->heard_ms + TICKER_SUSPECT_MS - t->loop->now_ms;

	if (left > 0) {
		loop_set_timer(t->loop, timer, (int)left);
		return;
	}
	ticker_set_wish(t, TICKER_TICK, !t->follows);
	ticker_set_wish(t, TICKER_ROLE, ticker_may_lead(t));
	nudge(t);
}

static void on_look(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, look);

	if (t->early) {
		ticker_wish(t, TICKER_HEAD);
	} else if (t->follows) {
		ticker_wish(t, TICKER_READ);
		ticker_wish(t, TICKER_SAME);
	} else if (t->wake.mood == WAKE_DOZING) {
		ticker_wish(t, TICKER_SETTLED);
	} else {
		ticker_wish(t, TICKER_TICK);
	}
	/* Nobody tells it of other instances' ticks. */
	ticker_wish_if(t, TICKER_READ, t->session.pooled);
	nudge(t);
}

static void on_poll(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, poll);

	ticker_wish(t, TICKER_READ);
	ticker_wish(t, TICKER_SAME);
	ticker_set_wish(t, TICKER_TICK, !t->follows);
	ticker_set_wish(t, TICKER_SHAPES, !t->follows);
	ticker_set_wish(t, TICKER_ROLE, ticker_may_lead(t));
	/* Nobody tells it that the definitions have changed. */
	ticker_wish_if(t, TICKER_STREAMS, t->follows || t->session.pooled);
	loop_set_timer(t->loop, &t->poll, t->options.poll_interval_ms);
	nudge(t);
}

static void on_care(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, care);

	ticker_set_wish(t, TICKER_CARE, t->session.step == SESSION_READY);
	/* Somebody may have been in the way, or the instance with the role may have died asleep. */
	ticker_wish(t, TICKER_LISTEN);
	ticker_set_wish(t, TICKER_ROLE, ticker_may_lead(t));
	loop_set_timer(t->loop, timer, TICKER_CARE_MS);
	nudge(t);
}

static void prune_later(struct ticker *t)
{
	int64_t quarter_ms = (int64_t)t->options.retention_s * 250;

	loop_set_timer(t->loop, &t->prune,
		       quarter_ms < PRUNE_EVERY_MS ? quarter_ms : PRUNE_EVERY_MS);
}

static void on_prune(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, prune);

	ticker_wish(t, TICKER_PRUNE);
	prune_later(t);
	nudge(t);
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
					     .notified = on_notified};

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
	timer_init(&t->poll, on_poll);
	timer_init(&t->look, on_look);
	timer_init(&t->suspect, on_suspect);
	timer_init(&t->prune, on_prune);
	timer_init(&t->care, on_care);
	timer_init(&t->door.timer, on_door);
	timer_init(&t->tick.timer, on_tick_bell);
	timer_init(&t->definitions.timer, on_definitions);
	decode_init(&t->decode);
	wake_init(&t->wake, options->wake);
}

void ticker_start(struct ticker *t)
{
	conn_start(&t->conn);
	loop_set_timer(t->loop, &t->poll, t->options.poll_interval_ms);
	loop_set_timer(t->loop, &t->care, TICKER_CARE_MS);
	prune_later(t);
}

void ticker_want_revocations(struct ticker *t)
{
	ticker_wish(t, TICKER_REVOKED);
	nudge(t);
}

void ticker_release(struct ticker *t)
{
	proof_stop(&t->proof);
	conn_stop(&t->probe);
	conn_stop(&t->conn);
	loop_stop_timer(t->loop, &t->poll);
	loop_stop_timer(t->loop, &t->look);
	loop_stop_timer(t->loop, &t->suspect);
	loop_stop_timer(t->loop, &t->prune);
	loop_stop_timer(t->loop, &t->care);
	loop_stop_timer(t->loop, &t->door.timer);
	loop_stop_timer(t->loop, &t->tick.timer);
	loop_stop_timer(t->loop, &t->definitions.timer);
	free(t->since);
	defs_release(&t->defs);
	decode_release(&t->decode);
}
