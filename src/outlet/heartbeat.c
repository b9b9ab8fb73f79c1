/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/heartbeat.h"

#include <stdlib.h>

#include "base/chance.h"
#include "outlet/outlets.h"

#define BACK_MS 5000 /* on top of `retry`: a later client may be another one */
#define BUSY_FROM 0.5

static struct loop *loop_of(const struct outlet *o)
{
	return o->set->loop;
}

int heartbeat_period_ms(int configured_ms, int learned_ms, double share)
{
	double stretch = share <= BUSY_FROM ? 0
			 : share >= 1       ? 1
					    : (share - BUSY_FROM) / (1 - BUSY_FROM);
	double period = configured_ms * (1 + stretch),
	       most = HEARTBEAT_MOST_MS - HEARTBEAT_SPREAD_MS;

	if (learned_ms > 0)
		return learned_ms < configured_ms ? learned_ms : configured_ms;
	if (period > most)
		period = configured_ms > most ? configured_ms : most;
	return (int)period;
}

static int period_of(const struct outlet *o)
{
	return heartbeat_period_ms(o->set->options->heartbeat_ms, o->heartbeat.learned_ms,
				   loop_of(o)->load.share);
}

static int64_t silent_ms(const struct outlet *o)
{
	return loop_of(o)->now_ms - o->heartbeat.sent_ms;
}

/*
 * As a rule other connections fell silent at the same time. Their pings must not be due together.
 */
static int64_t spread(int64_t left_ms, int period_ms)
{
	int most = period_ms / 16 < HEARTBEAT_SPREAD_MS ? period_ms / 16 : HEARTBEAT_SPREAD_MS;

	return left_ms + chance_up_to(most);
}

bool heartbeat_is_due(struct outlet *o)
{
	int period = period_of(o);
	bool due = silent_ms(o) >= period;

	loop_set_timer(loop_of(o), &o->heartbeat.timer,
		       due ? period : spread(period - silent_ms(o), period));
	return due;
}

static struct proxycuts_client client_of(const struct outlet *o)
{
	return (struct proxycuts_client){o->address, o->holder.user, selection_path(o->selection)};
}

void heartbeat_start(struct outlet *o, void (*beat)(struct timer *t))
{
	struct proxycuts_client who = client_of(o);

	timer_init(&o->heartbeat.timer, beat);
	o->heartbeat.sent_ms = loop_of(o)->now_ms;
	o->heartbeat.learned_ms =
		o->gatherer != NULL ? 0
				    : proxycuts_opened(&o->set->proxycuts, &who, loop_of(o)->now_ms,
						       BACK_MS + o->set->options->retry_ms);
	loop_set_timer(loop_of(o), &o->heartbeat.timer, spread(period_of(o), period_of(o)));
}

void heartbeat_stop(struct outlet *o)
{
	loop_stop_timer(loop_of(o), &o->heartbeat.timer);
}

void heartbeat_sent(struct outlet *o)
{
	o->heartbeat.sent_ms = loop_of(o)->now_ms;
}

void heartbeat_give_up_in(struct outlet *o, int64_t ms)
{
	loop_set_timer(loop_of(o), &o->heartbeat.timer, ms);
}

void heartbeat_go_on(struct outlet *o)
{
	loop_set_timer(loop_of(o), &o->heartbeat.timer, period_of(o));
}

void heartbeat_left(struct outlet *o)
{
	struct proxycuts_client who = client_of(o);
	struct proxycuts_end end = {
		.now_ms = loop_of(o)->now_ms,
		.age_ms = loop_of(o)->now_ms - o->opened_ms,
		.silent_ms = silent_ms(o),
		.period_ms = period_of(o),
		.learned_ms = o->heartbeat.learned_ms,
		.others = quota_beside(&o->set->quota, o->holder.user, o->address)};

	if (!o->blocked && !outlet_is_ending(o) && o->gatherer == NULL)
		proxycuts_ended(&o->set->proxycuts, &who, &end);
}
