/* SPDX-License-Identifier: PostgreSQL */
#include "pg/ticker_steps.h"

#include <inttypes.h>
#include <stdio.h>

#include "pg/ticker_row.h"

/* Changes in one go. They take a few milliseconds, then ticks go on. */
#define PRUNE_AT_ONCE 1000
#define PRUNE_PAUSE_MS 20 /* before the next go, so 50,000 changes a second */

/* --- what rows have in common --- */

void step_add_text(struct step_params *p, const char *text)
{
	p->values[p->count++] = text;
}

void step_add_number(struct step_params *p, int64_t number)
{
	snprintf(p->texts[p->count], sizeof(p->texts[p->count]), "%" PRId64, number);
	step_add_text(p, p->texts[p->count]);
}

void ticker_take_bell(struct ticker *t, struct ticker_bell *b)
{
	b->answer = b->rung;
	b->rung = false;
	loop_stop_timer(t->loop, &b->timer); /* one look is for all that have rung */
}

void ticker_pay(struct ticker *t, struct ticker_bell *b, bool found)
{
	if (b->answer)
		wake_ration_use(&b->ration, t->loop->now_ms, found);
	b->answer = false;
}

void ticker_suspect(struct ticker *t)
{
	if (!timer_pending(&t->suspect))
		loop_set_timer(t->loop, &t->suspect, TICKER_SUSPECT_MS);
}

/* --- is all as it was? --- */

static void take_care(struct ticker *t, const PGresult *res)
{
	t->session.schema.newest = PQgetisnull(res, 0, 0) ? 0 : (int)decode_int8(res, 0);
	t->session.schema.breaking = (int)decode_int8(res, 4);
	t->blind = PQgetisnull(res, 0, 1);
	t->stopping = !t->blind && decode_bool(res, 1);
	t->astray = decode_int8(res, 2) != t->session.pid;
	t->queue_millionths = PQgetisnull(res, 0, 3) ? 0 : (int)decode_int8(res, 3);
}

static const struct ticker_row ticker_care = {
	.name = "care",
	.sql = "SELECT " SCHEMA_NEWEST ", herald.stopping(), "
	       "pg_catalog.pg_backend_pid()::bigint, herald.queue_usage(), " SCHEMA_BREAKING
	       " FROM herald.migrations",
	.take = take_care,
};

static void ask_same(struct ticker *t, struct step_params *p)
{
	step_add_text(p, t->follows ? "true" : "false");
}

static void take_same(struct ticker *t, const PGresult *res)
{
	t->same = decode_bool(res, 0);
}

static const struct ticker_row ticker_same = {
	.name = "same",
	.sql = "SELECT herald.follows() = $1::boolean AND herald.complete()",
	.ask = ask_same,
	.take = take_same,
};

/* --- what others must know --- */

static void take_revoked(struct ticker *t, const PGresult *res)
{
	t->calls.revoked(t->calls.ctx, decode_text(res, 0));
}

static void conclude_revoked(struct ticker *t)
{
	t->calls.revoked_all(t->calls.ctx);
}

static const struct ticker_row ticker_revoked = {
	.name = "revoked",
	.sql = "SELECT herald.revocation_data(r)::text FROM herald.revocations r WHERE r.until IS "
	       "NULL OR r.until > now()",
	.take = take_revoked,
	.conclude = conclude_revoked,
};

static void ask_streams(struct ticker *t, struct step_params *p)
{
	(void)p;
	ticker_take_bell(t, &t->definitions);
}

static void take_streams(struct ticker *t, const PGresult *res)
{
	defs_take(&t->defs, res);
}

static void conclude_streams(struct ticker *t)
{
	ticker_pay(t, &t->definitions, false);
	ticker_wish(t, TICKER_ACTIONS);
}

static const struct ticker_row ticker_streams = {
	.name = "streams",
	.sql = DEFS_SQL,
	.ask = ask_streams,
	.take = take_streams,
	.conclude = conclude_streams,
};

static void take_actions(struct ticker *t, const PGresult *res)
{
	defs_take_action(&t->defs, res);
}

static void conclude_actions(struct ticker *t)
{
	t->calls.actions(t->calls.ctx, t->defs.actions, t->defs.action_count);
	t->defs.actions = NULL;
	t->defs.action_count = 0;
	t->calls.streams(t->calls.ctx, t->defs.items, t->defs.count);
	defs_release(&t->defs);
	if (!t->doubt_tick && !t->doubt_read)
		t->calls.available(t->calls.ctx, true);
}

static const struct ticker_row ticker_actions = {
	.name = "actions",
	.sql = DEFS_ACTIONS_SQL,
	.take = take_actions,
	.conclude = conclude_actions,
};

/* --- what one does for all --- */

/* True if this instance does what one instance does for all. */
static bool makes_ticks(const struct ticker *t)
{
	return t->leader || t->session.pooled || t->stood_in >= TICKER_STAND_INS;
}

static void ask_prune(struct ticker *t, struct step_params *p)
{
	t->stood_in = 0;
	step_add_number(p, t->options.retention_s);
	step_add_number(p, PRUNE_AT_ONCE);
}

static void take_prune(struct ticker *t, const PGresult *res)
{
	if (decode_int8(res, 0) >= PRUNE_AT_ONCE)
		loop_set_timer(t->loop, &t->prune, PRUNE_PAUSE_MS);
}

static const struct ticker_row ticker_prune = {
	.name = "prune",
	.sql = "SELECT herald.prune(make_interval(secs => $1::int), $2::int)",
	.may = makes_ticks,
	.ask = ask_prune,
	.take = take_prune,
};

/* --- the table --- */

static const struct ticker_row *const rows[TICKER_STATEMENTS] = {
	[TICKER_ATTACH] = &ticker_attach,   [TICKER_HEAD] = &ticker_head,
	[TICKER_CARE] = &ticker_care,       [TICKER_SAME] = &ticker_same,
	[TICKER_MODE] = &ticker_mode,       [TICKER_REVOKED] = &ticker_revoked,
	[TICKER_STREAMS] = &ticker_streams, [TICKER_ACTIONS] = &ticker_actions,
	[TICKER_LISTEN] = &ticker_listen,   [TICKER_ROLE] = &ticker_role,
	[TICKER_RISE] = &ticker_rise,       [TICKER_DOZE] = &ticker_doze,
	[TICKER_SINCE] = &ticker_since,     [TICKER_SETTLED] = &ticker_settled,
	[TICKER_PASS_BY] = &ticker_pass_by, [TICKER_READ] = &ticker_read,
	[TICKER_PRUNE] = &ticker_prune,     [TICKER_TICK] = &ticker_tick,
};

void ticker_list_statements(struct session_statement *ret_statements)
{
	for (size_t i = 0; i < TICKER_STATEMENTS; i++)
		ret_statements[i] = (struct session_statement){rows[i]->name, rows[i]->sql};
}

void ticker_run(struct ticker *t, enum ticker_step step)
{
	struct step_params p = {.count = 0};

	ticker_unwish(t, step);
	t->step = step;
	if (rows[step]->ask != NULL)
		rows[step]->ask(t, &p);
	conn_run(&t->conn, rows[step]->name, p.count, p.values,
		 rows[step]->slow ? CONN_STALL_READ_MS : CONN_STALL_MS);
}

/* While the log has not arrived, only its head is asked for, and what must be known of the
 * server. */
static bool may_run(const struct ticker *t, enum ticker_step step)
{
	return ticker_wishes(t, step) && (!t->early || step <= TICKER_CARE) &&
	       (rows[step]->may == NULL || rows[step]->may(t));
}

void ticker_next_step(struct ticker *t)
{
	if (!conn_is_free(&t->conn))
		return;
	if (t->looks && makes_ticks(t)) {
		t->looks = false;
		t->calls.look(t->calls.ctx);
	}
	for (enum ticker_step step = 0; step < TICKER_STATEMENTS; step++)
		if (may_run(t, step)) {
			ticker_run(t, step);
			return;
		}
	t->step = TICKER_REST;
}

void ticker_take(struct ticker *t, const PGresult *res)
{
	if (PQntuples(res) == 1 && rows[t->step]->take != NULL)
		rows[t->step]->take(t, res);
}

void ticker_conclude(struct ticker *t)
{
	if (rows[t->step]->conclude != NULL)
		rows[t->step]->conclude(t);
}
