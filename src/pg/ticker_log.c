/* SPDX-License-Identifier: PostgreSQL */
/* ticker_log.c: the steps that follow the log. They ask where it stands, make ticks, and read what
 * those hold. */
#include "pg/ticker_row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "pg/ticker_steps.h"

/* Ticks without an event are not so many. More means that ids have jumped
 * (herald.begin_history). */
#define TICKS_AT_ONCE 65536

/* --- the beginning of a connection --- */

static void ask_attach(struct ticker *t, struct step_params *p)
{
	step_add_text(p, t->at.tick == 0 ? "t" : "f");
}

/* The log was the database's own and is now another one's. What this instance read before will not
 * come. */
static void take_attach(struct ticker *t, const PGresult *res)
{
	bool follows = decode_bool(res, 0);

	if (follows && !t->follows && t->at.tick != 0)
		t->early_looks = TICKER_EARLY_MOST;
	t->follows = follows;
}

static void conclude_attach(struct ticker *t)
{
	t->misfit = false;
	ticker_wish(t, TICKER_HEAD);
}

/* If no client has been let in yet, it makes a tick too. So what was committed before is no news to
 * clients that come later. */
const struct ticker_row ticker_attach = {
	.name = "attach",
	.sql = "SELECT a FROM herald.attach() a CROSS JOIN LATERAL (SELECT CASE WHEN $1::boolean "
	       "AND NOT a THEN herald.tick() END) t",
	.ask = ask_attach,
	.take = take_attach,
	.conclude = conclude_attach,
	.slow = true,
};

static void ask_head(struct ticker *t, struct step_params *p)
{
	step_add_number(p, t->at.tick);
}

/* True if it is to wait for the log that it follows. It waits for the whole log as long as that
 * takes. For what it had already read, it waits for a while. */
static bool is_early(struct ticker *t, const PGresult *res, bool arrived)
{
	if (!text_is(decode_text(res, 0), "later") ||
	    (arrived && ++t->early_looks > TICKER_EARLY_MOST))
		return false;
	if (!t->early)
		log_info("[STREAM JOB] the log that is followed has not arrived yet up to where it "
			 "was read: waiting");
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
	t->at_proved = true;
	if (!PQgetisnull(res, 0, 0))
		t->lost = text_is(fault, "later") ? xstrdup("restored")
						  : xstrndup(fault.bytes, fault.len);
	if (t->at.tick == 0 || t->lost != NULL) {
		t->at = head;
		t->whole = true;
		t->calls.began(t->calls.ctx, head, t->lost);
	}
	free(t->lost);
	t->lost = NULL;
}

static void conclude_head(struct ticker *t)
{
	if (t->early) {
		loop_set_timer(t->loop, &t->look, TICKER_FOLLOW_MS);
		return;
	}
	ticker_wish(t, TICKER_REVOKED);
	ticker_wish(t, TICKER_STREAMS);
	ticker_wish(t, TICKER_READ);
	ticker_set_wish(t, TICKER_MODE, !t->follows);
	ticker_set_wish(t, TICKER_LISTEN, !t->follows);
	ticker_set_wish(t, TICKER_ROLE, !t->follows);
	ticker_set_wish(t, TICKER_TICK, !t->follows);
	t->looks = !t->follows;
	if (t->follows)
		log_info("[STREAM JOB] the database follows another one's log: no ticks are made "
			 "here");
}

const struct ticker_row ticker_head = {
	.name = "head",
	.sql = "SELECT herald.cursor_fault($1::bigint), h.tick, h.upto, herald.complete() FROM "
	       "herald.head() h",
	.ask = ask_head,
	.take = take_head,
	.conclude = conclude_head,
};

/* --- ticks --- */

/* Takes the doubt away when its step has had an answer. The database may answer, but not to what
 * needs a lock. Clients must not hear then that all is well. */
static void believe(struct ticker *t)
{
	bool doubted = t->doubt_tick || t->doubt_read;

	t->doubt_tick &= t->step != TICKER_TICK && !t->follows;
	t->doubt_read &= t->step != TICKER_READ;
	if (doubted && !t->doubt_tick && !t->doubt_read)
		t->calls.available(t->calls.ctx, true);
}

static void ask_tick(struct ticker *t, struct step_params *p)
{
	(void)p;
	ticker_take_bell(t, &t->door);
	t->looked_ms = t->loop->now_ms;
	t->looked_us = clock_mono_us();
	t->debt.look_ms = ticker_earlier(t->debt.rung_ms, t->looked_ms);
	t->debt.rung_ms = 0;
}

static void take_tick(struct ticker *t, const PGresult *res)
{
	t->found = !PQgetisnull(res, 0, 0);
	t->ticks += t->found;
	ticker_wish_if(t, TICKER_READ, t->found);
	if (t->found)
		t->debt.told_ms = t->debt.told_ms != 0 && t->debt.told_ms < t->debt.look_ms
					  ? t->debt.told_ms
					  : t->debt.look_ms;
	t->debt.look_ms = 0;
}

static void conclude_tick(struct ticker *t)
{
	believe(t);
	ticker_pay(t, &t->door, t->found);
	ticker_wish(t, TICKER_LISTEN); /* a writer that looked may have been in the way */
	wake_took(&t->wake, t->found, clock_mono_us() - t->looked_us);
	if (t->found)
		histogram_add(&t->tick_times, clock_mono_us() - t->looked_us);
	ticker_set_wish(t, TICKER_DOZE, wake_on_look(&t->wake, t->loop->now_ms, t->found));
	if (t->found && !t->leader) {
		ticker_suspect(t); /* the instance with the role should have found that */
		t->stood_in++;
	}
	ticker_look_again(t);
}

const struct ticker_row ticker_tick = {
	.name = "tick",
	.sql = "SELECT herald.tick()",
	.ask = ask_tick,
	.take = take_tick,
	.conclude = conclude_tick,
};

/* --- reading --- */

static void ask_read(struct ticker *t, struct step_params *p)
{
	ticker_take_bell(t, &t->tick);
	t->read_any = false;
	t->rows = 0;
	t->debt.read_ms =
		ticker_earlier(ticker_earlier(t->debt.told_ms, t->debt.read_ms), t->loop->now_ms);
	t->debt.told_ms = 0;
	step_add_number(p, t->whole ? t->at.tick + 1 : t->at.tick);
	step_add_number(p, t->whole ? 0 : t->at.change);
	step_add_number(p, t->pace == TICKER_WITHOUT_DATA ? -1 : (int64_t)t->options.data_max);
	step_add_text(p, t->pace == TICKER_AS_IT_COMES ? NULL : "1");
}

/* The reason goes back into the database. What is not ASCII in it may be cut in the middle, so it
 * becomes "?". */
static void note_unreadable(struct ticker *t, struct cursor at)
{
	t->unreadable++;
	if (t->pace != TICKER_WITHOUT_DATA) /* it has been noted before */
		return;
	t->vain = at;
	ticker_wish(t, TICKER_PASS_BY);
	snprintf(t->vain_reason, sizeof(t->vain_reason), "%s", t->conn.fault);
	for (char *p = t->vain_reason; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static void take_read(struct ticker *t, const PGresult *res)
{
	struct event event;

	t->rows++;
	if (t->anew || !decode_event(&t->decode, res, &event))
		return;
	t->anew = !t->at_proved && event.at.tick - t->at.tick > TICKS_AT_ONCE;
	if (t->anew)
		return;
	t->at_proved = false;
	if (decode_is_unreadable(res))
		note_unreadable(t, event.at);
	t->at = event.at;
	t->whole = false;
	t->read_any = true;
	wake_on_change(&t->wake);
	t->calls.event(t->calls.ctx, &event);
}

/* Everything was read. Or, if care was needed, one change was. The changes after that are read as
 * they come. */
static void conclude_read(struct ticker *t)
{
	bool one = t->pace != TICKER_AS_IT_COMES && t->rows > 0;

	t->pace = TICKER_AS_IT_COMES;
	if (t->anew) { /* The head says whether it can be continued from `at`. */
		t->anew = false;
		ticker_wish(t, TICKER_HEAD);
		return;
	}
	if (one) {
		ticker_wish(t, TICKER_READ);
		return;
	}
	t->whole = true;
	if (t->read_any)
		t->handed_ms = ticker_earlier(t->handed_ms, t->debt.read_ms);
	t->debt.read_ms = 0;
	t->calls.reached(t->calls.ctx, t->at);
	ticker_pay(t, &t->tick, t->read_any);
	believe(t);
	if (t->follows)
		loop_set_timer(t->loop, &t->look, TICKER_FOLLOW_MS);
}

const struct ticker_row ticker_read = {
	.name = "read",
	.sql = "SELECT * FROM herald.read($1::bigint, $2::bigint, $3::bigint, $4::int)",
	.ask = ask_read,
	.take = take_read,
	.conclude = conclude_read,
	.slow = true,
};

/* Notes the change in the database, so that no other instance need try it. */
static void ask_pass_by(struct ticker *t, struct step_params *p)
{
	step_add_number(p, t->vain.tick);
	step_add_number(p, t->vain.change);
	step_add_text(p, t->vain_reason);
}

static void take_pass_by(struct ticker *t, const PGresult *res)
{
	struct text whose = decode_text(res, 0);

	log_error("[STREAM JOB] change %" PRId64 "-%" PRId64
		  " cannot be read (%s) and was told as 'bulk': %.*s",
		  t->vain.tick, t->vain.change, t->vain_reason, (int)whose.len, whose.bytes);
}

const struct ticker_row ticker_pass_by = {
	.name = "pass by",
	.sql = "SELECT herald.pass_by($1::bigint, $2::bigint, $3)",
	.ask = ask_pass_by,
	.take = take_pass_by,
};
