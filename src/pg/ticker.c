/* SPDX-License-Identifier: PostgreSQL */
#include "pg/ticker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "pg/session.h"

#define PRUNE_EVERY_MS 60000 /* or a quarter of a short retention */
#define PRUNE_AT_ONCE 1000 /* changes in one go: a few milliseconds, then ticks go on */
#define PRUNE_PAUSE_MS 20  /* up to the next go: 50,000 changes a second */

static const struct {
	const char *name, *sql;
} statements[] = {
	{"head", "SELECT herald.cursor_fault($1::bigint), h.tick, h.upto, herald.complete() FROM herald.head() h"},
	{"streams", "SELECT path, topics, events, ARRAY(SELECT k FROM jsonb_object_keys(match) k ORDER BY k),"
		    " ARRAY(SELECT m.value FROM jsonb_each_text(match) m ORDER BY m.key), require::text, format, anonymous"
		    " FROM herald.streams ORDER BY path"},
	{"role", "SELECT pg_try_advisory_lock(" SESSION_LOCK_CLASS ", " SESSION_LOCK_TICKER ")"},
	{"attach", "SELECT herald.attach()"},
	{"same", "SELECT herald.follows() = $1::boolean AND herald.complete()"},
	{"mode", "SELECT herald.wake($1)"},
	{"rise", "SELECT pg_try_advisory_lock(" SESSION_LOCK_CLASS ", " SESSION_LOCK_AWAKE ")"},
	{"doze", "SELECT pg_advisory_unlock(" SESSION_LOCK_CLASS ", " SESSION_LOCK_AWAKE ")"},
	{"since", "SELECT pg_current_xact_id()::text"},
	{"settled", "SELECT herald.settled($1::xid8)"},
	{"tick", "SELECT herald.tick()"},
	{"read", "SELECT * FROM herald.read($1::bigint, $2::bigint)"},
	{"prune", "SELECT herald.prune(make_interval(secs => $1::int), $2::int)"},
};

static void next_step(struct ticker *t);

static void run_text(struct ticker *t, enum ticker_step step, const char *statement, const char *param)
{
	t->step = step;
	conn_run(&t->conn, statement, 1, &param, CONN_STALL_MS);
}

static void run(struct ticker *t, enum ticker_step step, const char *statement, int64_t first, int64_t second,
		int count)
{
	char text[2][24];
	const char *params[] = {text[0], text[1]};

	snprintf(text[0], sizeof(text[0]), "%" PRId64, first);
	snprintf(text[1], sizeof(text[1]), "%" PRId64, second);
	t->step = step;
	conn_run(&t->conn, statement, count, params, step == TICKER_READ ? CONN_STALL_READ_MS : CONN_STALL_MS);
}

/* --- what comes back --- */

static void take_stream(struct ticker *t, const PGresult *res)
{
	struct stream_def def = {0};
	size_t keys, sources;
	char **names = decode_strings(res, 3, &keys), **values = decode_strings(res, 4, &sources);

	def.path = xstrndup(PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
	def.topics = decode_strings(res, 1, &def.topic_count);
	def.events = decode_strings(res, 2, &def.event_count);
	for (size_t i = 0; i < keys; i++) {
		if (i < STREAM_MATCH_MAX) {
			def.match_key[i] = names[i];
			def.match_source[i] = values[i];
			def.match_count = i + 1;
		}
	}
	free(names);
	free(values);
	def.require = xstrndup(PQgetvalue(res, 0, 5), (size_t)PQgetlength(res, 0, 5));
	def.format = text_is(decode_text(res, 6), "message") ? FRAME_MESSAGE : FRAME_NAMED;
	def.anonymous = decode_bool(res, 7);
	t->defs = xrealloc(t->defs, (t->def_count + 1) * sizeof(*t->defs));
	t->defs[t->def_count++] = def;
}

/* Is it to wait for the log that is followed? For the whole of it as long as it takes, for what it had read already for a while. */
static bool is_early(struct ticker *t, const PGresult *res, bool arrived)
{
	if (!text_is(decode_text(res, 0), "later") || (arrived && ++t->early_looks > TICKER_EARLY_MOST))
		return false;
	if (!t->early)
		log_info("[STREAM JOB] the log that is followed has not arrived yet up to where it was read: waiting");
	return true;
}

static void take_head(struct ticker *t, const PGresult *res)
{
	struct cursor head = {decode_int8(res, 1), decode_int8(res, 2)};
	struct text fault = decode_text(res, 0);

	t->early = is_early(t, res, head.tick != 0 && decode_bool(res, 3));
	if (t->early)
		return;
	t->early_looks = 0;
	if (!PQgetisnull(res, 0, 0))
		t->lost = text_is(fault, "later") ? xstrdup("restored") : xstrndup(fault.bytes, fault.len);
	if (t->at.tick == 0 || t->lost != NULL) {
		t->at = head;
		t->whole = true;
		t->calls.began(t->calls.ctx, head, t->lost);
	}
	free(t->lost);
	t->lost = NULL;
}

static void take_event(struct ticker *t, const PGresult *res)
{
	struct event event;

	if (!decode_event(&t->decode, res, &event))
		return;
	t->at = event.at;
	t->whole = false;
	t->calls.event(t->calls.ctx, &event);
}

static void take_tick(struct ticker *t, const PGresult *res)
{
	t->found = !PQgetisnull(res, 0, 0);
	t->ticks += t->found;
	t->want_read = t->want_read || t->found;
}

/* A log that was the database's own and now is another one's: what was read of it will not come. */
static void take_side(struct ticker *t, bool follows)
{
	if (follows && !t->follows && t->at.tick != 0)
		t->early_looks = TICKER_EARLY_MOST;
	t->follows = follows;
}

static void on_result(struct conn *c, const PGresult *res)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	if (PQntuples(res) != 1)
		return;
	switch (t->step) {
	case TICKER_STANDBY:
		t->standby = *PQgetvalue(res, 0, 0) == 't';
		break;
	case TICKER_SCHEMA:
		t->schema_version = *PQgetvalue(res, 0, 0) == 't' ? -1 : 0;
		break;
	case TICKER_VERSION:
		t->schema_version = atoi(PQgetvalue(res, 0, 0));
		break;
	case TICKER_HEAD:
		take_head(t, res);
		break;
	case TICKER_STREAMS:
		take_stream(t, res);
		break;
	case TICKER_ROLE:
		t->leader = decode_bool(res, 0);
		break;
	case TICKER_ATTACH:
		take_side(t, decode_bool(res, 0));
		break;
	case TICKER_SAME:
		t->same = decode_bool(res, 0);
		break;
	case TICKER_RISE:
		if (decode_bool(res, 0))
			wake_rise(&t->wake, t->loop->now_ms);
		break;
	case TICKER_SINCE:
		free(t->since);
		t->since = xstrndup(PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
		break;
	case TICKER_SETTLED:
		t->settled = decode_bool(res, 0);
		break;
	case TICKER_TICK:
		take_tick(t, res);
		break;
	case TICKER_READ:
		take_event(t, res);
		break;
	case TICKER_PRUNE:
		if (decode_int8(res, 0) >= PRUNE_AT_ONCE)
			loop_set_timer(t->loop, &t->prune, PRUNE_PAUSE_MS);
		break;
	default:
		break;
	}
}

/* --- what is done next --- */

static void forget_defs(struct ticker *t)
{
	for (size_t i = 0; i < t->def_count; i++)
		stream_def_release(&t->defs[i]);
	free(t->defs);
	t->defs = NULL;
	t->def_count = 0;
}

static void hand_on_streams(struct ticker *t)
{
	t->calls.streams(t->calls.ctx, t->defs, t->def_count);
	forget_defs(t);
}

/* While awake or dozing it looks by itself. */
static void look_again(struct ticker *t)
{
	int wait = wake_next_look_ms(&t->wake, t->found);

	if (wait >= 0)
		loop_set_timer(t->loop, &t->look, wait);
	else
		loop_stop_timer(t->loop, &t->look);
}

/* Unless somebody else makes a tick within TICKER_SUSPECT_MS, this instance does. */
static void suspect_ticker(struct ticker *t)
{
	if (!timer_pending(&t->suspect))
		loop_set_timer(t->loop, &t->suspect, TICKER_SUSPECT_MS);
}

/* What a step that has gone well means for the next ones. */
static void conclude(struct ticker *t)
{
	switch (t->step) {
	case TICKER_HEAD:
		t->misfit = false;
		if (t->early) {
			loop_set_timer(t->loop, &t->look, TICKER_FOLLOW_MS);
			break;
		}
		t->want_streams = t->want_read = true;
		t->want_mode = t->want_role = t->want_tick = !t->follows;
		if (t->follows)
			log_info("[STREAM JOB] the database follows another one's log: no ticks are made here");
		break;
	case TICKER_STREAMS:
		hand_on_streams(t);
		t->calls.available(t->calls.ctx, true);
		break;
	case TICKER_ROLE:
		if (t->leader)
			log_info("[STREAM JOB] this instance makes the ticks now");
		t->want_tick |= t->leader; /* nobody has rung for what came while the one before it was awake */
		break;
	case TICKER_RISE:
		t->want_rise = false;
		t->want_tick = true;
		look_again(t);
		break;
	case TICKER_DOZE:
		wake_doze(&t->wake);
		free(t->since);
		t->since = NULL;
		t->want_since = true;
		break;
	case TICKER_SINCE:
		look_again(t);
		break;
	case TICKER_SETTLED:
		if (t->settled && t->wake.mood == WAKE_DOZING)
			wake_sleep(&t->wake);
		t->want_tick = true; /* once more, now that all of them have ended */
		break;
	case TICKER_TICK:
		t->want_doze = wake_on_look(&t->wake, t->loop->now_ms, t->found);
		if (t->found && !t->leader)
			suspect_ticker(t); /* the ticker should have found that */
		look_again(t);
		break;
	case TICKER_READ:
		t->whole = true;
		t->calls.reached(t->calls.ctx, t->at);
		if (t->follows)
			loop_set_timer(t->loop, &t->look, TICKER_FOLLOW_MS);
		break;
	default:
		break;
	}
}

/* The server ends a session that has said nothing for longer than its poll: a frozen or lost daemon's locks must go. */
static void set_up(struct ticker *t)
{
	char sql[sizeof(SESSION_SETUP) + 64];

	snprintf(sql, sizeof(sql), SESSION_SETUP "SET idle_session_timeout = %d",
		 t->options.poll_interval_ms + CONN_STALL_MS);
	conn_script(&t->conn, sql);
}

/* The first steps of a connection, one after the other. */
static void begin_step(struct ticker *t)
{
	switch (++t->step) {
	case TICKER_SETUP:
		set_up(t);
		break;
	case TICKER_STANDBY:
		conn_script(&t->conn, "SELECT pg_is_in_recovery()");
		break;
	case TICKER_LISTEN:
		conn_script(&t->conn, t->standby ? "SELECT 1" : "LISTEN herald; LISTEN herald_tick; LISTEN herald_streams");
		break;
	case TICKER_SCHEMA:
		conn_script(&t->conn, "SELECT to_regclass('herald.migrations') IS NOT NULL");
		break;
	case TICKER_VERSION:
		conn_script(&t->conn, "SELECT max(version) FROM herald.migrations");
		break;
	case TICKER_PREPARE:
		conn_prepare(&t->conn, statements[t->prepared].name, statements[t->prepared].sql);
		t->prepared++;
		break;
	case TICKER_ATTACH:
		t->step = TICKER_ATTACH;
		conn_run(&t->conn, "attach", 0, NULL, CONN_STALL_READ_MS); /* it may have a whole log to throw away */
		break;
	default:
		run(t, TICKER_HEAD, "head", t->at.tick, 0, 1);
	}
}

static bool schema_fits(struct ticker *t)
{
	if ((t->step == TICKER_SCHEMA && t->schema_version != 0) ||
	    (t->step == TICKER_VERSION && t->schema_version == t->options.schema_version) ||
	    (t->step != TICKER_SCHEMA && t->step != TICKER_VERSION))
		return true;
	if (!t->misfit)
		t->calls.misfit(t->calls.ctx, t->schema_version);
	t->misfit = true;
	return false;
}

static void wanted_step(struct ticker *t)
{
	if (t->early) {
		t->step = TICKER_REST;
	} else if (t->want_same) {
		t->want_same = false;
		run_text(t, TICKER_SAME, "same", t->follows ? "true" : "false");
	} else if (t->want_mode) {
		t->want_mode = false;
		run_text(t, TICKER_MODE, "mode", wake_name(t->wake.mode));
	} else if (t->want_streams) {
		t->want_streams = false;
		run(t, TICKER_STREAMS, "streams", 0, 0, 0);
	} else if (t->want_role && !t->leader) {
		t->want_role = false;
		run(t, TICKER_ROLE, "role", 0, 0, 0);
	} else if (t->want_rise && t->wake.mood != WAKE_AWAKE) { /* twice would have to be given up twice */
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
	} else if (t->want_read) { /* before the next tick: under a steady doorbell there always is one wanted */
		t->want_read = false;
		run(t, TICKER_READ, "read", t->whole ? t->at.tick + 1 : t->at.tick, t->whole ? 0 : t->at.change, 2);
	} else if (t->want_prune && t->leader) {
		t->want_prune = false;
		run(t, TICKER_PRUNE, "prune", t->options.retention_s, PRUNE_AT_ONCE, 2);
	} else if (t->want_tick) {
		t->want_tick = false;
		run(t, TICKER_TICK, "tick", 0, 0, 0);
	} else {
		t->step = TICKER_REST;
	}
}

static void next_step(struct ticker *t)
{
	if (t->conn.state != CONN_IDLE)
		return;
	if (t->step == TICKER_PREPARE && t->prepared < ARRAY_SIZE(statements))
		t->step = TICKER_VERSION; /* once more */
	if (t->step < TICKER_HEAD)
		begin_step(t);
	else
		wanted_step(t);
}

/* Something is wanted: at once where it rests, else when the running step ends. */
static void nudge(struct ticker *t)
{
	if (t->step == TICKER_REST)
		next_step(t);
}

/* Why the connection cannot be gone on with after this step; NULL: it can. */
static const char *fault_of_step(struct ticker *t, bool ok)
{
	if (!ok)
		return "a query failed";
	if (!schema_fits(t))
		return "the schema does not fit";
	if (t->step == TICKER_SAME && !t->same)
		return t->follows ? "the database does not follow the log of before any more" : "the database follows another one's log now";
	return NULL;
}

static void on_done(struct conn *c, bool ok)
{
	struct ticker *t = container_of(c, struct ticker, conn);
	const char *fault = fault_of_step(t, ok);

	if (fault != NULL) {
		conn_drop(c, fault);
		return;
	}
	conclude(t);
	next_step(t);
}

static void on_up(struct conn *c)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	t->step = TICKER_NEW;
	t->prepared = 0;
	next_step(t);
}

static void on_lost(struct conn *c)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	t->leader = false; /* its locks went with the session */
	t->early = false;
	t->want_same = t->want_rise = t->want_doze = t->want_since = t->want_settled = false;
	wake_sleep(&t->wake);
	loop_stop_timer(t->loop, &t->look);
	forget_defs(t);
	loop_stop_timer(t->loop, &t->suspect);
	t->calls.available(t->calls.ctx, false);
}

/* --- what wakes it --- */

static void on_doorbell(struct ticker *t)
{
	if (t->leader) {
		t->want_tick = true;
		t->want_rise |= wake_on_bell(&t->wake, t->loop->now_ms);
	} else {
		suspect_ticker(t);
	}
}

static void on_notified(struct conn *c, const char *channel, int backend_pid)
{
	struct ticker *t = container_of(c, struct ticker, conn);

	if (strcmp(channel, "herald") == 0) {
		on_doorbell(t);
	} else if (strcmp(channel, "herald_streams") == 0) {
		t->want_streams = true;
	} else if (backend_pid != PQbackendPID(c->pg)) {
		t->want_read = true;
		t->heard_ms = t->loop->now_ms;
		if (!t->leader)
			suspect_ticker(t); /* awake it may have died, and nobody rings for what came behind this tick */
	}
	nudge(t);
}

/* There was a doorbell or a tick a while ago: while ticks come, all is well; when none does, this instance makes one. */
static void on_suspect(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, suspect);
	int64_t left = t->heard_ms + TICKER_SUSPECT_MS - t->loop->now_ms;

	if (left > 0) {
		loop_set_timer(t->loop, timer, (int)left);
		return;
	}
	t->want_role = t->want_tick = !t->follows;
	nudge(t);
}

static void on_look(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, look);

	if (t->early)
		run(t, TICKER_HEAD, "head", t->at.tick, 0, 1);
	else if (t->follows)
		t->want_read = t->want_same = true;
	else if (t->wake.mood == WAKE_DOZING)
		t->want_settled = true;
	else
		t->want_tick = true;
	nudge(t);
}

static void on_poll(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, poll);

	t->want_read = t->want_same = true;
	t->want_role = t->want_tick = !t->follows;
	t->want_streams |= t->follows; /* nobody tells it that they have changed */
	loop_set_timer(t->loop, &t->poll, t->options.poll_interval_ms);
	nudge(t);
}

static void prune_later(struct ticker *t)
{
	int64_t quarter_ms = (int64_t)t->options.retention_s * 250;

	loop_set_timer(t->loop, &t->prune, quarter_ms < PRUNE_EVERY_MS ? quarter_ms : PRUNE_EVERY_MS);
}

static void on_prune(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, prune);

	t->want_prune = true;
	prune_later(t);
	nudge(t);
}

static const struct conn_calls conn_calls = {
	.up = on_up, .lost = on_lost, .result = on_result, .done = on_done, .notified = on_notified};

void ticker_init(struct ticker *t, struct loop *loop, const struct ticker_options *options,
		 const struct ticker_calls *calls)
{
	*t = (struct ticker){.loop = loop, .options = *options, .calls = *calls};
	conn_init(&t->conn, loop, options->conninfo, "pgherald ticker", &conn_calls);
	timer_init(&t->poll, on_poll);
	timer_init(&t->look, on_look);
	timer_init(&t->suspect, on_suspect);
	timer_init(&t->prune, on_prune);
	decode_init(&t->decode);
	wake_init(&t->wake, options->wake);
}

void ticker_start(struct ticker *t)
{
	conn_start(&t->conn);
	loop_set_timer(t->loop, &t->poll, t->options.poll_interval_ms);
	prune_later(t);
}

void ticker_release(struct ticker *t)
{
	conn_stop(&t->conn);
	loop_stop_timer(t->loop, &t->poll);
	loop_stop_timer(t->loop, &t->look);
	loop_stop_timer(t->loop, &t->suspect);
	loop_stop_timer(t->loop, &t->prune);
	free(t->since);
	forget_defs(t);
	decode_release(&t->decode);
}
