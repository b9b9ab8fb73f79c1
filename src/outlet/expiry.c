/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/expiry.h"

#include "base/clock.h"
#include "outlet/outlets.h"

#define NOTICE_MS 60000 /* or half of the time that is left when the token is taken */

static struct loop *loop_of(const struct outlet *o)
{
	return o->set->loop;
}

/*
 * A client is told of the end this long before it. It needs the time to get another token and POST
 * it to /stream/renew.
 */
static int64_t notice_ms(int64_t left_ms)
{
	return left_ms / 2 < NOTICE_MS ? left_ms / 2 : NOTICE_MS;
}

static void on_end(struct timer *t)
{
	struct outlet *o = container_of(t, struct outlet, end);
	int64_t left = o->holder.ends_ms - clock_wall_ms();

	if (left <= 0) {
		outlet_close(o, "expired");
	} else if (o->code != NULL || o->blocked) {
		loop_set_timer(loop_of(o), t, left);
	} else {
		loop_set_timer(loop_of(o), t, left);
		outlet_say_expiring(o, left);
	}
}

void expiry_watch(struct outlet *o)
{
	int64_t left = o->holder.ends_ms - clock_wall_ms();

	if (o->holder.ends_ms != INT64_MAX)
		loop_set_timer(loop_of(o), &o->end, left > 0 ? left - notice_ms(left) : 0);
}

void expiry_init(struct outlet *o)
{
	timer_init(&o->end, on_end);
}

void expiry_stop(struct outlet *o)
{
	loop_stop_timer(loop_of(o), &o->end);
}
