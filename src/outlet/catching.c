/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/catching.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "outlet/outlets.h"

void catching_join(struct outlet *o, struct cursor after)
{
	outlet_enter(o, &outlet_live);
	/* With a snapshot it may begin again, after a reset. */
	if (o->sub.stream->def.snapshot == NULL)
		selection_forget_wanted(o->selection);
	router_go_live(o->set->router, &o->sub, after);
}

void catching_ask(struct outlet *o)
{
	o->catching->over = false;
	o->set->catchup.submit(o->set->catchup.ctx, &o->catching->catchup);
}

void catching_stop(struct outlet *o)
{
	if (o->catching == NULL)
		return;
	o->set->catchup.cancel(o->set->catchup.ctx, &o->catching->catchup);
	free(o->catching);
	o->catching = NULL;
}

struct outlet *catching_outlet(struct catchup *c)
{
	return container_of(c, struct catching, catchup)->outlet;
}

/* The log may have moved on while pages were read. Then one more page is read. */
static void join_log(struct outlet *o)
{
	struct catchup *c = &o->catching->catchup;
	struct cursor end = {c->upto_tick, CURSOR_TICK_END};

	if (cursor_compare(c->after, end) < 0)
		c->after = end;
	if (router_holds_for(o->set->router, &o->sub, c->after))
		catching_join(o, c->after);
	else
		catching_ask(o);
}

bool catching_drained(struct outlet *o)
{
	if (o->catching == NULL || !o->catching->over)
		return false;
	if (o->catching->last)
		join_log(o);
	else
		catching_ask(o);
	return true;
}

/*
 * The log has moved on while pages for others were read. It may have forgotten what it had when
 * this one was asked for.
 */
static void on_page_begins(struct catchup *c)
{
	c->upto_tick = catching_outlet(c)->set->router->head.tick;
}

static void on_page_event(struct catchup *c, const struct event *event)
{
	struct outlet *o = catching_outlet(c);

	outlet_append_as(o, &subscriber_stream_of(&o->sub, event->topic)->def, &event->at,
			 event->name, event->data);
}

static void page_is_over(struct outlet *o, bool last)
{
	o->catching->over = true;
	o->catching->last = last;
	router_touch_again(o->set->router, &o->sub);
}

void catching_page_ended(struct outlet *o, enum catchup_end end, const char *reason)
{
	switch (end) {
	case CATCHUP_MORE:
		page_is_over(o, false);
		break;
	case CATCHUP_ALL:
		page_is_over(o, true);
		break;
	case CATCHUP_FAULT:
		o->set->reset(o, reason);
		break;
	case CATCHUP_FAILED:
	case CATCHUP_BEHIND:
		log_error("[STREAM %" PRIu64 "] what it missed cannot be read: %s", o->number,
			  reason);
		outlet_close(o, end == CATCHUP_FAILED ? "failed" : "fault");
	}
}

static void on_page_ended(struct catchup *c, enum catchup_end end, const char *reason)
{
	catching_page_ended(catching_outlet(c), end, reason);
}

static void drained(struct outlet *o)
{
	(void)catching_drained(o);
}

const struct phase catching_phase = {
	.state = OUTLET_CATCHING, .drained = drained, .stop = catching_stop};

struct catchup *catching_aim(struct outlet *o, struct cursor after)
{
	if (o->catching == NULL)
		o->catching = xcalloc(1, sizeof(*o->catching));
	*o->catching = (struct catching){.outlet = o,
					 .catchup = {.facets = o->selection->facets,
						     .facet_count = o->selection->count,
						     .after = after,
						     .begins = on_page_begins,
						     .event = on_page_event,
						     .ended = on_page_ended}};
	return &o->catching->catchup;
}

void catching_start(struct outlet *o, struct cursor after)
{
	(void)catching_aim(o, after);
	catching_ask(o);
}

void catching_finish(struct outlet *o, int64_t tick)
{
	outlet_enter(o, &catching_phase);
	catching_aim(o, (struct cursor){tick, CURSOR_TICK_END})->upto_tick = tick;
	page_is_over(o, true);
}
