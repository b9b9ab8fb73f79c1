/* SPDX-License-Identifier: PostgreSQL */
#include "pg/ticker_bells.h"

#include <string.h>

#include "pg/ticker_steps.h"

#define PRUNE_EVERY_MS 60000 /* or a quarter of a short retention */

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
	ticker_nudge(t);
}

static void on_tick_bell(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, tick.timer);

	ring(t, &t->tick, TICKER_READ);
	ticker_nudge(t);
}

static void on_definitions(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, definitions.timer);

	ring(t, &t->definitions, TICKER_STREAMS);
	ticker_nudge(t);
}

void ticker_bells_heard(struct conn *c, const char *channel, int backend_pid)
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
	ticker_nudge(t);
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
	ticker_nudge(t);
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
	ticker_nudge(t);
}

static void on_poll(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, poll);

	ticker_wish(t, TICKER_READ);
	ticker_wish(t, TICKER_SAME);
	ticker_set_wish(t, TICKER_TICK, !t->follows);
	t->looks = !t->follows;
	ticker_set_wish(t, TICKER_ROLE, ticker_may_lead(t));
	/* Nobody tells it that the definitions have changed. */
	ticker_wish_if(t, TICKER_STREAMS, t->follows || t->session.pooled);
	loop_set_timer(t->loop, &t->poll, t->options.poll_interval_ms);
	ticker_nudge(t);
}

static void on_care(struct timer *timer)
{
	struct ticker *t = container_of(timer, struct ticker, care);

	ticker_set_wish(t, TICKER_CARE, t->session.step == SESSION_READY);
	/* Somebody may have been in the way, or the instance with the role may have died asleep. */
	ticker_wish(t, TICKER_LISTEN);
	ticker_set_wish(t, TICKER_ROLE, ticker_may_lead(t));
	loop_set_timer(t->loop, timer, TICKER_CARE_MS);
	ticker_nudge(t);
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
	ticker_nudge(t);
}

void ticker_bells_init(struct ticker *t)
{
	timer_init(&t->poll, on_poll);
	timer_init(&t->look, on_look);
	timer_init(&t->suspect, on_suspect);
	timer_init(&t->prune, on_prune);
	timer_init(&t->care, on_care);
	timer_init(&t->door.timer, on_door);
	timer_init(&t->tick.timer, on_tick_bell);
	timer_init(&t->definitions.timer, on_definitions);
}

void ticker_bells_start(struct ticker *t)
{
	loop_set_timer(t->loop, &t->poll, t->options.poll_interval_ms);
	loop_set_timer(t->loop, &t->care, TICKER_CARE_MS);
	prune_later(t);
}

void ticker_bells_stop(struct ticker *t)
{
	loop_stop_timer(t->loop, &t->poll);
	loop_stop_timer(t->loop, &t->look);
	loop_stop_timer(t->loop, &t->suspect);
	loop_stop_timer(t->loop, &t->prune);
	loop_stop_timer(t->loop, &t->care);
	loop_stop_timer(t->loop, &t->door.timer);
	loop_stop_timer(t->loop, &t->tick.timer);
	loop_stop_timer(t->loop, &t->definitions.timer);
}
