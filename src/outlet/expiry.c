/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/expiry.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/log.h"
#include "outlet/code.h"
#include "outlet/outlets.h"
#include "outlet/prelude.h"

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

/* Says that the token ends in left_ms milliseconds, with a new code for renewing it. */
static void announce(struct outlet *o, int64_t left_ms)
{
	code_give(o);
	control_append_expiring(&o->out, outlet_wire(o), left_ms, o->code);
	outlet_flush(o);
}

static void on_end(struct timer *t)
{
	struct outlet *o = container_of(t, struct outlet, end);
	int64_t left = o->holder.ends_ms - clock_wall_ms();

	if (left <= 0) {
		outlet_close(o, "expired");
		return;
	}
	loop_set_timer(loop_of(o), t, left);
	if (o->code == NULL && !o->blocked)
		announce(o, left);
}

static void watch(struct outlet *o)
{
	int64_t left = o->holder.ends_ms - clock_wall_ms();

	if (o->holder.ends_ms != INT64_MAX)
		loop_set_timer(loop_of(o), &o->end, left > 0 ? left - notice_ms(left) : 0);
}

void expiry_start(struct outlet *o)
{
	timer_init(&o->end, on_end);
	watch(o);
}

void expiry_renew(struct outlet *o, struct holder *holder)
{
	holder_release(&o->holder);
	o->holder = *holder;
	*holder = (struct holder){.user = NULL};
	prelude_renew(o);
	code_take(o);
	watch(o);
	log_debug("[STREAM %" PRIu64 "] goes on with another token of '%s'", o->number,
		  o->holder.user);
}
