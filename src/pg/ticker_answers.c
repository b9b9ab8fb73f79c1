/* SPDX-License-Identifier: PostgreSQL */
#include "pg/ticker_answers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"

#define PRUNE_PAUSE_MS 20 /* up to the next go: 50,000 changes a second */
/* without an event there are not so many: ids have jumped (herald.begin_history) */
#define TICKS_AT_ONCE 65536

/* Is it to wait for the log that is followed? For the whole of it as long as it takes, for what it
 * had read already for a while. */
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

/* The reason goes back into the database: what is no ASCII in it may be cut in the middle. */
static void note_unreadable(struct ticker *t, struct cursor at)
{
	t->unreadable++;
	if (t->pace != TICKER_WITHOUT_DATA) /* somebody has noted it before */
		return;
	t->vain = at;
	t->want_pass_by = true;
	snprintf(t->vain_reason, sizeof(t->vain_reason), "%s", t->conn.fault);
	for (char *p = t->vain_reason; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static void take_passed_by(struct ticker *t, const PGresult *res)
{
	struct text whose = decode_text(res, 0);

	log_error("[STREAM JOB] change %" PRId64 "-%" PRId64
		  " cannot be read (%s) and was told as 'bulk': %.*s",
		  t->vain.tick, t->vain.change, t->vain_reason, (int)whose.len, whose.bytes);
}

static void take_event(struct ticker *t, const PGresult *res)
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

static void take_tick(struct ticker *t, const PGresult *res)
{
	t->found = !PQgetisnull(res, 0, 0);
	t->ticks += t->found;
	t->want_read = t->want_read || t->found;
	if (t->found)
		t->debt.told_ms = t->debt.told_ms != 0 && t->debt.told_ms < t->debt.look_ms
					  ? t->debt.told_ms
					  : t->debt.look_ms;
	t->debt.look_ms = 0;
}

/* A log that was the database's own and now is another one's: what was read of it will not come. */
static void take_side(struct ticker *t, bool follows)
{
	if (follows && !t->follows && t->at.tick != 0)
		t->early_looks = TICKER_EARLY_MOST;
	t->follows = follows;
}

void ticker_take(struct ticker *t, const PGresult *res)
{
	if (PQntuples(res) != 1)
		return;
	switch (t->step) {
	case TICKER_PROOF:
		proof_result(&t->proof, res);
		break;
	case TICKER_BEGIN:
		session_result(&t->session, res);
		break;
	case TICKER_HEAD:
		take_head(t, res);
		break;
	case TICKER_REVOKED:
		t->calls.revoked(t->calls.ctx, decode_text(res, 0));
		break;
	case TICKER_STREAMS:
		defs_take(&t->defs, res);
		break;
	case TICKER_ACTIONS:
		defs_take_action(&t->defs, res);
		break;
	case TICKER_ROLE:
		t->leader = decode_bool(res, 0);
		break;
	case TICKER_ATTACH:
		take_side(t, decode_bool(res, 0));
		break;
	case TICKER_CARE:
		t->session.schema_version = PQgetisnull(res, 0, 0) ? 0 : (int)decode_int8(res, 0);
		t->blind = PQgetisnull(res, 0, 1);
		t->stopping = !t->blind && decode_bool(res, 1);
		t->astray = decode_int8(res, 2) != t->session.pid;
		t->queue_millionths = PQgetisnull(res, 0, 3) ? 0 : (int)decode_int8(res, 3);
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
	case TICKER_PASS_BY:
		take_passed_by(t, res);
		break;
	case TICKER_SHAPES:
		t->want_tick |= decode_bool(res, 0);
		break;
	case TICKER_PRUNE:
		if (decode_int8(res, 0) >= TICKER_PRUNE_AT_ONCE)
			loop_set_timer(t->loop, &t->prune, PRUNE_PAUSE_MS);
		break;
	default:
		break;
	}
}

/* --- and what it means --- */

/* While awake or dozing it looks by itself; the pause counts from the last look's begin, for its
 * commit may have taken long. */
static void look_again(struct ticker *t)
{
	int wait = t->session.pooled ? TICKER_POOLED_MS : wake_next_look_ms(&t->wake, t->found);
	int64_t spent = t->loop->now_ms - t->looked_ms;

	if (wait >= 0)
		loop_set_timer(t->loop, &t->look, spent < wait ? wait - (int)spent : 1);
	else
		loop_stop_timer(t->loop, &t->look);
}

void ticker_suspect(struct ticker *t)
{
	if (!timer_pending(&t->suspect))
		loop_set_timer(t->loop, &t->suspect, TICKER_SUSPECT_MS);
}

/* Nobody sees it awake any more; who did will not ring. */
static void lie_down(struct ticker *t)
{
	wake_doze(&t->wake);
	free(t->since);
	t->since = NULL;
	t->want_since = true;
}

/* Who has seen the one before awake has not rung, and will not. */
static void take_over(struct ticker *t)
{
	log_info("[STREAM JOB] this instance makes the ticks now");
	lie_down(t);
	t->want_tick = true;
}

/* Of a database that answers, but not to what is behind a lock, nobody may be told that all is
 * well. */
static void believe(struct ticker *t)
{
	bool doubted = t->doubt_tick || t->doubt_read;

	t->doubt_tick &= t->step != TICKER_TICK && !t->follows;
	t->doubt_read &= t->step != TICKER_READ;
	if (doubted && !t->doubt_tick && !t->doubt_read)
		t->calls.available(t->calls.ctx, true);
}

static void pay(struct ticker *t, struct ticker_bell *b, bool found)
{
	if (b->answer)
		wake_ration_use(&b->ration, t->loop->now_ms, found);
	b->answer = false;
}

/* All there is, or, where care was needed, one change: the others after it are read as they come.
 */
static void conclude_read(struct ticker *t)
{
	bool one = t->pace != TICKER_AS_IT_COMES && t->rows > 0;

	t->pace = TICKER_AS_IT_COMES;
	if (t->anew) { /* can it be continued from `at`? */
		t->anew = false;
		t->want_head = true;
		return;
	}
	if (one) {
		t->want_read = true;
		return;
	}
	t->whole = true;
	t->debt.read_ms = 0;
	t->calls.reached(t->calls.ctx, t->at);
	pay(t, &t->tick, t->read_any);
	believe(t);
	if (t->follows)
		loop_set_timer(t->loop, &t->look, TICKER_FOLLOW_MS);
}

void ticker_conclude(struct ticker *t)
{
	switch (t->step) {
	case TICKER_ATTACH:
		t->misfit = false;
		t->want_head = true;
		break;
	case TICKER_HEAD:
		if (t->early) {
			loop_set_timer(t->loop, &t->look, TICKER_FOLLOW_MS);
			break;
		}
		t->want_revoked = t->want_streams = t->want_read = true;
		t->want_mode = t->want_role = t->want_tick = t->want_shapes = !t->follows;
		if (t->follows)
			log_info("[STREAM JOB] the database follows another one's log: no ticks "
				 "are made here");
		break;
	case TICKER_REVOKED:
		t->calls.revoked_all(t->calls.ctx);
		break;
	case TICKER_STREAMS:
		pay(t, &t->definitions, false);
		t->want_actions = true;
		break;
	case TICKER_ACTIONS:
		t->calls.actions(t->calls.ctx, t->defs.actions, t->defs.action_count);
		t->defs.actions = NULL;
		t->defs.action_count = 0;
		t->calls.streams(t->calls.ctx, t->defs.items, t->defs.count);
		defs_release(&t->defs);
		if (!t->doubt_tick && !t->doubt_read)
			t->calls.available(t->calls.ctx, true);
		break;
	case TICKER_ROLE:
		if (t->leader)
			take_over(t);
		break;
	case TICKER_RISE:
		t->want_rise = false;
		t->want_tick = true;
		look_again(t);
		break;
	case TICKER_DOZE:
		lie_down(t);
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
		believe(t);
		pay(t, &t->door, t->found);
		t->want_doze = wake_on_look(&t->wake, t->loop->now_ms, t->found);
		if (t->found && !t->leader) {
			ticker_suspect(t); /* the ticker should have found that */
			t->stood_in++;
		}
		look_again(t);
		break;
	case TICKER_READ:
		conclude_read(t);
		break;
	default:
		break;
	}
}
