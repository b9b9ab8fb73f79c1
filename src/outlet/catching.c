/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/catching.h"

#include <inttypes.h>

#include "base/log.h"
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
	o->page_over = false;
	o->set->catchup.submit(o->set->catchup.ctx, &o->catchup);
}

void catching_stop(struct outlet *o)
{
	o->set->catchup.cancel(o->set->catchup.ctx, &o->catchup);
	o->catchup.seen = NULL;
	o->page_over = false;
}

/* The log may have moved on while pages were read. Then one more page is read. */
static void join_log(struct outlet *o)
{
	struct cursor end = {o->catchup.upto_tick, CURSOR_TICK_END};

	if (cursor_compare(o->catchup.after, end) < 0)
		o->catchup.after = end;
	if (router_holds_for(o->set->router, &o->sub, o->catchup.after))
		catching_join(o, o->catchup.after);
	else
		catching_ask(o);
}

bool catching_drained(struct outlet *o)
{
	if (!o->page_over)
		return false;
	if (o->page_last)
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
	struct outlet *o = container_of(c, struct outlet, catchup);

	c->upto_tick = o->set->router->head.tick;
}

static void on_page_event(struct catchup *c, const struct event *event)
{
	struct outlet *o = container_of(c, struct outlet, catchup);

	outlet_append_as(o, &subscriber_stream_of(&o->sub, event->topic)->def, &event->at,
			 event->name, event->data);
}

static void page_is_over(struct outlet *o, bool last)
{
	o->page_over = true;
	o->page_last = last;
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
	catching_page_ended(container_of(c, struct outlet, catchup), end, reason);
}

static void drained(struct outlet *o)
{
	(void)catching_drained(o);
}

const struct phase catching_phase = {
	.state = OUTLET_CATCHING, .drained = drained, .stop = catching_stop};

/* What is read is the missed changes of its selection, and goes out as it is. */
static void aim(struct outlet *o, struct cursor after)
{
	o->catchup = (struct catchup){.facets = o->selection->facets,
				      .facet_count = o->selection->count,
				      .after = after,
				      .begins = on_page_begins,
				      .event = on_page_event,
				      .ended = on_page_ended};
}

void catching_init(struct outlet *o, struct cursor after)
{
	aim(o, after);
	o->phase = &catching_phase;
}

void catching_finish(struct outlet *o, int64_t tick)
{
	outlet_enter(o, &catching_phase);
	aim(o, o->catchup.after);
	o->catchup.upto_tick = tick;
	page_is_over(o, true);
}
