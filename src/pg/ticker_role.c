/* SPDX-License-Identifier: PostgreSQL */
/* ticker_role.c: the steps by which an instance gets the role of making ticks, and wakes in it. */
#include "pg/ticker_row.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "pg/ticker_steps.h"

#define LOCK(function, which) "SELECT " function "(" SESSION_LOCK_CLASS ", " which ")"

bool ticker_may_lead(const struct ticker *t)
{
	return !t->follows && !t->session.pooled;
}

void ticker_look_again(struct ticker *t)
{
	int wait = t->session.pooled ? TICKER_POOLED_MS : wake_next_look_ms(&t->wake, t->found);
	int64_t spent = t->loop->now_ms - t->looked_ms;

	if (wait >= 0)
		loop_set_timer(t->loop, &t->look, spent < wait ? wait - (int)spent : 1);
	else
		loop_stop_timer(t->loop, &t->look);
}

/* New writers no longer see the ticker awake. A writer that saw it awake will not ring. */
static void lie_down(struct ticker *t)
{
	wake_doze(&t->wake);
	free(t->since);
	t->since = NULL;
	ticker_wish(t, TICKER_SINCE);
}

static void ask_mode(struct ticker *t, struct step_params *p)
{
	step_add_text(p, wake_name(t->wake.mode));
}

const struct ticker_row ticker_mode = {
	.name = "mode",
	.sql = "SELECT herald.wake($1)",
	.ask = ask_mode,
};

static bool may_listen(const struct ticker *t)
{
	return !t->listens && ticker_may_lead(t);
}

static void take_listen(struct ticker *t, const PGresult *res)
{
	t->listens = decode_bool(res, 0);
}

/*
 * A writer that found nobody has not rung. Each instance looks until all such writers have ended,
 * with the role or without it: the instance with the role may die before that.
 */
static void conclude_listen(struct ticker *t)
{
	if (t->listens && t->wake.mood != WAKE_AWAKE)
		lie_down(t);
}

const struct ticker_row ticker_listen = {
	.name = "listen",
	.sql = LOCK("pg_try_advisory_lock_shared", SESSION_LOCK_LISTENS),
	.may = may_listen,
	.take = take_listen,
	.conclude = conclude_listen,
};

static bool may_take_role(const struct ticker *t)
{
	return !t->leader && ticker_may_lead(t);
}

static void take_role(struct ticker *t, const PGresult *res)
{
	t->leader = decode_bool(res, 0);
}

/* A writer that saw the previous ticker awake has not rung, and will not. */
static void conclude_role(struct ticker *t)
{
	if (!t->leader)
		return;
	log_info("[STREAM JOB] this instance makes the ticks now");
	lie_down(t);
	ticker_wish(t, TICKER_TICK);
}

const struct ticker_row ticker_role = {
	.name = "role",
	.sql = LOCK("pg_try_advisory_lock", SESSION_LOCK_TICKER),
	.may = may_take_role,
	.take = take_role,
	.conclude = conclude_role,
};

static bool may_rise(const struct ticker *t)
{
	return t->wake.mood != WAKE_AWAKE; /* taken twice, the lock must be given up twice */
}

static void take_rise(struct ticker *t, const PGresult *res)
{
	if (decode_bool(res, 0))
		wake_rise(&t->wake, t->loop->now_ms);
}

static void conclude_rise(struct ticker *t)
{
	ticker_unwish(t, TICKER_RISE);
	ticker_wish(t, TICKER_TICK);
	ticker_look_again(t);
}

const struct ticker_row ticker_rise = {
	.name = "rise",
	.sql = LOCK("pg_try_advisory_lock", SESSION_LOCK_AWAKE),
	.may = may_rise,
	.take = take_rise,
	.conclude = conclude_rise,
};

const struct ticker_row ticker_doze = {
	.name = "doze",
	.sql = LOCK("pg_advisory_unlock", SESSION_LOCK_AWAKE),
	.conclude = lie_down,
};

static void take_since(struct ticker *t, const PGresult *res)
{
	free(t->since);
	t->since = xstrndup(PQgetvalue(res, 0, 0), (size_t)PQgetlength(res, 0, 0));
}

const struct ticker_row ticker_since = {
	.name = "since",
	.sql = "SELECT pg_current_xact_id()::text",
	.take = take_since,
	.conclude = ticker_look_again,
};

static bool may_settle(const struct ticker *t)
{
	return t->since != NULL;
}

static void ask_settled(struct ticker *t, struct step_params *p)
{
	step_add_text(p, t->since);
}

static void take_settled(struct ticker *t, const PGresult *res)
{
	t->settled = decode_bool(res, 0);
}

static void conclude_settled(struct ticker *t)
{
	if (t->settled && t->listens && t->wake.mood == WAKE_DOZING)
		wake_sleep(&t->wake);
	ticker_wish(t, TICKER_TICK); /* once more, now that all of them have ended */
}

const struct ticker_row ticker_settled = {
	.name = "settled",
	.sql = "SELECT herald.settled($1::xid8)",
	.may = may_settle,
	.ask = ask_settled,
	.take = take_settled,
	.conclude = conclude_settled,
};
