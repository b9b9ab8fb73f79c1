/* SPDX-License-Identifier: PostgreSQL */
#include "pg/ticker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "pg/ticker_answers.h"

#define CANNOT_CONNECT_NOW "57P03"
#define INVALID_STATEMENT "26000"
#define PRUNE_EVERY_MS 60000 /* or a quarter of a short retention */

static const struct session_statement statements[] = {
	{"head", "SELECT herald.cursor_fault($1::bigint), h.tick, h.upto, herald.complete() FROM "
		 "herald.head() h"},
	{"streams", DEFS_SQL},
	{"revoked", "SELECT herald.revocation_data(r)::text FROM herald.revocations r WHERE "
		    "r.until IS NULL OR r.until > now()"},
	{"actions", DEFS_ACTIONS_SQL},
	{"role", "SELECT pg_try_advisory_lock(" SESSION_LOCK_CLASS ", " SESSION_LOCK_TICKER ")"},
	/* and, where nobody has been let in yet, a tick: what was committed before is no news to
	   who comes */
	{"attach", "SELECT a FROM herald.attach() a CROSS JOIN LATERAL (SELECT CASE WHEN "
		   "$1::boolean AND NOT a THEN herald.tick() END) t"},
	{"care",
	 "SELECT max(version)::bigint, herald.stopping(), pg_catalog.pg_backend_pid()::bigint, "
	 "herald.queue_usage() FROM herald.migrations"},
	{"same", "SELECT herald.follows() = $1::boolean AND herald.complete()"},
	{"mode", "SELECT herald.wake($1)"},
	{"rise", "SELECT pg_try_advisory_lock(" SESSION_LOCK_CLASS ", " SESSION_LOCK_AWAKE ")"},
	{"doze", "SELECT pg_advisory_unlock(" SESSION_LOCK_CLASS ", " SESSION_LOCK_AWAKE ")"},
	{"since", "SELECT pg_current_xact_id()::text"},
	{"settled", "SELECT herald.settled($1::xid8)"},
	{"tick", "SELECT herald.tick()"},
	{"read", "SELECT * FROM herald.read($1::bigint, $2::bigint, $3::bigint, $4::int)"},
	{"pass by", "SELECT herald.pass_by($1::bigint, $2::bigint, $3)"},
	{"shapes", "SELECT herald.look_at_shapes()"},
	{"prune", "SELECT herald.prune(make_interval(secs => $1::int), $2::int)"},
};

static void run_text(struct ticker *t, enum ticker_step step, const char *statement,
		     const char *param)
{
	t->step = step;
	conn_run(&t->conn, statement, 1, &param, CONN_STALL_MS);
}

static void run(struct ticker *t, enum ticker_step step, const char *statement, int64_t first,
		int64_t second, int count)
{
	char text[2][24];
	const char *params[] = {text[0], text[1]};

	snprintf(text[0], sizeof(text[0]), "%" PRId64, first);
	snprintf(text[1], sizeof(text[1]), "%" PRId64, second);
	t->step = step;
	conn_run(&t->conn, statement, count, params, CONN_STALL_MS);
}

/* --- the log --- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

int64_t ticker_owes_since(const struct ticker *t)
{
	return earlier(earlier(t->debt.rung_ms, t->debt.look_ms),
		       earlier(t->debt.told_ms, t->debt.read_ms));
}

static void look(struct ticker *t)
{
	t->looked_ms = t->loop->now_ms;
	t->debt.look_ms = earlier(t->debt.rung_ms, t->looked_ms);
	t->debt.rung_ms = 0;
	run(t, TICKER_TICK, "tick", 0, 0, 0);
}

static void read_on(struct ticker *t)
{
	char tick[24], change[24], most_bytes[24];
	const char *params[] = {tick, change, most_bytes,
				t->pace == TICKER_AS_IT_COMES ? NULL : "1"};

	t->debt.read_ms = earlier(earlier(t->debt.told_ms, t->debt.read_ms), t->loop->now_ms);
	t->debt.told_ms = 0;
	t->rows = 0;
	snprintf(tick, sizeof(tick), "%" PRId64, t->whole ? t->at.tick + 1 : t->at.tick);
	snprintf(change, sizeof(change), "%" PRId64, t->whole ? 0 : t->at.change);
	snprintf(most_bytes, sizeof(most_bytes), "%" PRId64,
		 t->pace == TICKER_WITHOUT_DATA ? -1 : (int64_t)t->options.data_max);
	t->step = TICKER_READ;
	conn_run(&t->conn, "read", ARRAY_SIZE(params), params, CONN_STALL_READ_MS);
}

/* What this change is, and that nobody else need try. */
static void pass_by(struct ticker *t)
{
	char tick[24], change[24];
	const char *params[] = {tick, change, t->vain_reason};

	snprintf(tick, sizeof(tick), "%" PRId64, t->vain.tick);
	snprintf(change, sizeof(change), "%" PRId64, t->vain.change);
	t->step = TICKER_PASS_BY;
	conn_run(&t->conn, "pass by", ARRAY_SIZE(params), params, CONN_STALL_MS);
}

/* True: it is tried again, with more care. */
static bool slow_down(struct ticker *t)
{
	if (t->step != TICKER_READ || t->pace == TICKER_WITHOUT_DATA ||
	    !conn_read_in_vain(&t->conn))
		return false;
	t->pace++;
	t->want_read = true;
	return true;
}

/* --- what is asked --- */

/* Is it this instance that does what one has to do for all? */
static bool makes_ticks(const struct ticker *t)
{
	return t->leader || t->session.pooled || t->stood_in >= TICKER_STAND_INS;
}

static void take_bell(struct ticker *t, struct ticker_bell *b)
{
	b->answer = b->rung;
	b->rung = false;
	loop_stop_timer(t->loop, &b->timer); /* one look is for all that have rung */
}

/* A lock of a session is no use where others have the session the next moment. */
static bool may_lead(const struct ticker *t)
{
	return !t->follows && !t->session.pooled;
}

/* What is wanted, the most urgent first. */
static void next_step(struct ticker *t)
{
	if (!conn_is_free(&t->conn))
		return;
	if (t->want_head) {
		t->want_head = false;
		run(t, TICKER_HEAD, "head", t->at.tick, 0, 1);
	} else if (t->want_care) {
		t->want_care = false;
		run(t, TICKER_CARE, "care", 0, 0, 0);
	} else if (t->early) {
		t->step = TICKER_REST;
	} else if (t->want_same) {
		t->want_same = false;
		run_text(t, TICKER_SAME, "same", t->follows ? "true" : "false");
	} else if (t->want_mode) {
		t->want_mode = false;
		run_text(t, TICKER_MODE, "mode", wake_name(t->wake.mode));
	} else if (t->want_revoked) { /* before the door opens, and before anything is read on */
		t->want_revoked = false;
		run(t, TICKER_REVOKED, "revoked", 0, 0, 0);
	} else if (t->want_streams) {
		t->want_streams = false;
		take_bell(t, &t->definitions);
		run(t, TICKER_STREAMS, "streams", 0, 0, 0);
	} else if (t->want_actions) {
		t->want_actions = false;
		run(t, TICKER_ACTIONS, "actions", 0, 0, 0);
	} else if (t->want_role && !t->leader && may_lead(t)) {
		t->want_role = false;
		run(t, TICKER_ROLE, "role", 0, 0, 0);
	} else if (t->want_rise &&
		   t->wake.mood != WAKE_AWAKE) { /* twice would have to be given up twice */
		t->want_rise = false;
		run(t, TICKER_RISE, "rise", 0, 0, 0);
	} else if (t->want_doze) {
		t->want_doze = false;
		run(t, TICKER_DOZE, "doze", 0, 0, 0);
	} else if (t->want_since) {
		t->want_since = false;
		run(t, TICKER_SINCE, "since", 0, 0, 0);
	} else if (t->want_settled && t->since != NULL) {
		t->want_settled = false;
		run_text(t, TICKER_SETTLED, "settled", t->since);
	} else if (t->want_pass_by) { /* before it is read on: there is room for one */
		t->want_pass_by = false;
		pass_by(t);
	} else if (t->want_read) { /* before the next tick: under a steady doorbell there always is
				      one wanted */
		t->want_read = t->read_any = false;
		take_bell(t, &t->tick);
		read_on(t);
	} else if (t->want_shapes && makes_ticks(t)) {
		t->want_shapes = false;
		run(t, TICKER_SHAPES, "shapes", 0, 0, 0);
	} else if (t->want_prune && makes_ticks(t)) {
		t->want_prune = false;
		t->stood_in = 0;
		run(t, TICKER_PRUNE, "prune", t->options.retention_s, TICKER_PRUNE_AT_ONCE, 2);
	} else if (t->want_tick) {
		t->want_tick = false;
		take_bell(t, &t->door);
		look(t);
	} else {
		t->step = TICKER_REST;
	}
}

/* Something is wanted: at once where it rests, else when the running step ends. */
static void nudge(struct ticker *t)
{
	if (t->step == TICKER_REST)
		next_step(t);
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

/* A server that lives, but lets nobody in, is one that waits for its clients. */
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

/* From the next connection on. */
static void begin_pooled(struct ticker *t)
{
	session_pool(&t->session);
	t->calls.pooled(t->calls.ctx);
}

static const char *fault_of_care(struct ticker *t)
{
	/* nothing but a lender does that: no further proof is needed */
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

/* A statement that this connection has prepared, and nobody else can have thrown away, is one that
 * another server process has. */
static const char *fault_of_failure(struct ticker *t)
{
	bool gone = strcmp(t->conn.fault_state, INVALID_STATEMENT) == 0 && t->step > TICKER_BEGIN;

	t->proved = false; /* once more, where it is not proved by this */
	if (!gone || t->session.pooled)
		return "a query failed";
	begin_pooled(t);
	return "another server process answers, without our statements: a pooler lends the session "
	       "to others";
}

/* Why the connection cannot be gone on with after this step; NULL: it can. */
static const char *fault_of_step(struct ticker *t, bool ok)
{
	if (!ok)
		return fault_of_failure(t);
	if (t->step == TICKER_CARE)
		return fault_of_care(t);
	if (t->step == TICKER_SAME && !t->same)
		return t->follows ? "the database does not follow the log of before any more"
				  : "the database follows another one's log now";
	return NULL;
}

/* One of the session's first steps has gone well. */
static void begin(struct ticker *t)
{
	if (!session_fits(&t->session)) {
		conn_drop(&t->conn, misfits(t));
		return;
	}
	session_next(&t->session);
	if (t->session.step == SESSION_READY) {
		t->step = TICKER_ATTACH;
		/* it may have a whole log to throw away */
		conn_run(&t->conn, "attach", 1, (const char *[]){t->at.tick == 0 ? "t" : "f"},
			 CONN_STALL_READ_MS);
	}
}

static void on_result(struct conn *c, const PGresult *res)
{
	ticker_take(container_of(c, struct ticker, conn), res);
}

static void on_done(struct conn *c, bool ok)
{
	struct ticker *t = container_of(c, struct ticker, conn);
	const char *fault;

	if (!ok && slow_down(t)) {
		next_step(t);
		return;
	}
	fault = fault_of_step(t, ok);
	if (fault != NULL) {
		conn_drop(c, fault);
	} else if (t->step == TICKER_CARE && t->session.pooled && t->session.elder.pid != 0) {
		/* what it has left with the pool is looked after once more; there is nothing to
		 * lose by it */
		t->step = TICKER_BEGIN;
		session_begin(&t->session);
	} else if (t->step == TICKER_PROOF) {
		proof_done(&t->proof);
	} else if (t->step == TICKER_BEGIN) {
		begin(t);
	} else {
		ticker_conclude(t);
		next_step(t);
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

/* Where nothing could be proved it is taken for our own, as most are, and tried again with the next
 * connection. */
static void on_proved(struct proof *p, enum proof_verdict verdict)
{
	struct ticker *t = container_of(p, struct ticker, proof);

	t->proved = verdict != PROOF_NONE;
	if (verdict == PROOF_POOLED)
		begin_pooled(t);
	else if (verdict == PROOF_NONE && p->pid != PQbackendPID(t->conn.pg))
		log_warn(
			"[STREAM JOB] a pooler stands between, and whether it keeps our sessions "
			"could not be found out: a second connection could not be made, or failed");
	t->step = TICKER_BEGIN;
	session_begin(&t->session);
}

static void on_lost(struct conn *c)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	session_lost(&t->session);
	t->doubt_tick = t->doubt_read = c->stalled;
	t->unproved += t->step == TICKER_PROOF;
	proof_stop(&t->proof);
	conn_stop(&t->probe); /* it is of this session's server */
	t->leader = false;    /* its locks went with the session */
	t->early = t->anew = false;
	t->pace = TICKER_AS_IT_COMES;
	t->debt.rung_ms = earlier(t->debt.rung_ms, t->debt.look_ms);
	t->debt.look_ms = 0;
	t->want_head = t->want_care = t->want_same = t->want_actions = t->want_rise = t->want_doze =
		t->want_since = t->want_settled = false;
	wake_sleep(&t->wake);
	loop_stop_timer(t->loop, &t->look);
	defs_release(&t->defs);
	loop_stop_timer(t->loop, &t->suspect);
	t->calls.available(t->calls.ctx, false);
}

/* --- what wakes it --- */

static void ring(struct ticker *t, struct ticker_bell *b, bool *want)
{
	int wait = wake_ration_wait_ms(&b->ration, t->loop->now_ms);

	if (wait == 0)
		b->rung = *want = true;
	else if (!timer_pending(&b->timer))
		loop_set_timer(t->loop, &b->timer, wait);
}

/* Awake it looks anyhow. */
static void on_doorbell(struct ticker *t)
{
	t->debt.rung_ms = earlier(t->debt.rung_ms, t->loop->now_ms);
	if (!t->leader)
		ticker_suspect(t);
	else if (t->wake.mood != WAKE_AWAKE)
		ring(t, &t->door, &t->want_tick);
	if (t->leader)
		t->want_rise |= wake_on_bell(&t->wake, t->loop->now_ms);
}

static void on_door(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, door.timer);

	ring(t, &t->door, &t->want_tick);
	nudge(t);
}

static void on_tick_bell(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, tick.timer);

	ring(t, &t->tick, &t->want_read);
	nudge(t);
}

static void on_definitions(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, definitions.timer);

	ring(t, &t->definitions, &t->want_streams);
	nudge(t);
}

static void on_notified(struct conn *c, const char *channel, int backend_pid)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	if (strcmp(channel, "herald") == 0) {
		on_doorbell(t);
	} else if (strcmp(channel, "herald_streams") == 0) {
		ring(t, &t->definitions, &t->want_streams);
	} else if (backend_pid != t->session.pid) {
		ring(t, &t->tick, &t->want_read);
		t->heard_ms = t->loop->now_ms;
		t->debt.told_ms = earlier(earlier(t->debt.told_ms, t->debt.rung_ms), t->heard_ms);
		t->debt.rung_ms = 0;
		if (!t->leader)
			ticker_suspect(t); /* awake it may have died, and nobody rings for what came
					      behind this tick */
	}
	nudge(t);
}

/* There was a doorbell or a tick a while ago: while ticks come, all is well; when none does, this
 * instance makes one. */
static void on_suspect(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, suspect);
	int64_t left = t->heard_ms + TICKER_SUSPECT_MS - t->loop->now_ms;

	if (left > 0) {
		loop_set_timer(t->loop, timer, (int)left);
		return;
	}
	t->want_tick = !t->follows;
	t->want_role = may_lead(t);
	nudge(t);
}

static void on_look(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, look);

	if (t->early)
		t->want_head = true;
	else if (t->follows)
		t->want_read = t->want_same = true;
	else if (t->wake.mood == WAKE_DOZING)
		t->want_settled = true;
	else
		t->want_tick = true;
	t->want_read |= t->session.pooled; /* nobody tells it of others' ticks */
	nudge(t);
}

static void on_poll(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, poll);

	t->want_read = t->want_same = true;
	t->want_tick = t->want_shapes = !t->follows;
	t->want_role = may_lead(t);
	/* nobody tells it that they have changed */
	t->want_streams |= t->follows || t->session.pooled;
	loop_set_timer(t->loop, &t->poll, t->options.poll_interval_ms);
	nudge(t);
}

static void on_care(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, care);

	t->want_care = t->session.step == SESSION_READY;
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

	t->want_prune = true;
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
	*t = (struct ticker){.loop = loop, .options = *options, .calls = *calls};
	conn_init(&t->conn, loop, options->conninfo, "pgherald ticker", &conn_calls);
	/* The locks of a frozen or lost daemon must go: the server ends a session that has said
	 * nothing for longer than it ever is quiet. */
	session_init(&t->session, &t->conn,
		     &(struct session_plan){statements, ARRAY_SIZE(statements),
					    options->schema_version,
					    most_quiet_ms(options) + CONN_STALL_MS, true});
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
	t->want_revoked = true;
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
