/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/prelude.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "outlet/catching.h"
#include "outlet/outlets.h"

/* A standby that has not got as far as `end` is asked again after this. */
#define AGAIN_MS 50

enum prelude_step {
	PRELUDE_ASKED,
	PRELUDE_COVERING,
	PRELUDE_WAITING,
	PRELUDE_ITEMS,
	PRELUDE_CHANGES
};

struct prelude {
	struct list link; /* of outlets.preludes, while it is WAITING */
	struct outlet *outlet;
	enum prelude_step step;
	struct snapshot snapshot;
	struct question cover;
	struct timer again, limit;
	struct cursor since, end;
	int64_t told;        /* the tick to wait for, which may be before `end` */
	char since_text[24]; /* for the question */
	char *seen;          /* transactions after `since` that the state has; NULL if none */
	uint64_t items;
	bool portion_over; /* it has been appended; the next one is read when it is sent */
	/* A change is held back, because it may be the last one, which has the id. */
	bool held;
	struct buf name, data; /* of that change */
};

static struct loop *loop_of(const struct prelude *p)
{
	return p->outlet->set->loop;
}

/* --- ready, and what follows it --- */

static void say_ready(struct prelude *p, const struct cursor *at)
{
	struct outlet *o = p->outlet;

	if (o->fault) /* a state that lacks an item is no state */
		return;
	control_append_ready(&o->out, outlet_wire(o), at, p->items);
}

static void append_held(struct prelude *p, const struct cursor *at)
{
	outlet_append(p->outlet, at, (struct text){p->name.data, p->name.len},
		      (struct text){p->data.data, p->data.len});
}

/* It is one of the changes up to `end`. */
static void on_change(struct catchup *c, const struct event *event)
{
	struct prelude *p = catching_outlet(c)->prelude;

	if (p->held)
		append_held(p, NULL);
	else
		say_ready(p, NULL);
	p->held = true;
	buf_clear(&p->name);
	buf_clear(&p->data);
	buf_append(&p->name, event->name.bytes, event->name.len);
	buf_append(&p->data, event->data.bytes, event->data.len);
}

/* All is appended. */
static void finish(struct prelude *p)
{
	if (p->held)
		append_held(p, &p->end);
	else
		say_ready(p, &p->end);
	catching_finish(p->outlet, p->end.tick);
}

static void on_changes_begin(struct catchup *c)
{
	(void)c; /* they go up to `end`, wherever the log is by now */
}

static void on_changes_ended(struct catchup *c, enum catchup_end end, const char *reason)
{
	struct outlet *o = catching_outlet(c);

	if (end == CATCHUP_ALL)
		finish(o->prelude);
	else
		catching_page_ended(o, end, reason);
}

/* The items are over. */
static void ask_changes(struct prelude *p)
{
	struct catchup *c;

	loop_stop_timer(loop_of(p), &p->limit);
	if (p->seen == NULL) {
		finish(p);
		return;
	}
	p->step = PRELUDE_CHANGES;
	c = catching_aim(p->outlet, (struct cursor){p->since.tick, CURSOR_TICK_END});
	c->upto_tick = p->end.tick;
	c->seen = p->seen;
	c->begins = on_changes_begin;
	c->event = on_change;
	c->ended = on_changes_ended;
	catching_ask(p->outlet);
}

/* --- items --- */

static void ask_items(struct prelude *p)
{
	struct outlets *set = p->outlet->set;

	p->step = PRELUDE_ITEMS;
	loop_set_timer(loop_of(p), &p->limit, PRELUDE_MOST_MS);
	set->snapshots.next(set->snapshots.ctx, &p->snapshot);
}

static void on_item(struct snapshot *s, struct text item)
{
	struct prelude *p = container_of(s, struct prelude, snapshot);

	p->items++;
	outlet_append(p->outlet, NULL, text_of("snapshot"), item);
}

static void on_portion(struct snapshot *s)
{
	struct prelude *p = container_of(s, struct prelude, snapshot);

	p->portion_over = true;
	router_touch_again(p->outlet->set->router, &p->outlet->sub);
}

static void drained(struct outlet *o)
{
	struct prelude *p = o->prelude;

	if (catching_drained(o) || !p->portion_over)
		return;
	p->portion_over = false;
	o->set->snapshots.next(o->set->snapshots.ctx, &p->snapshot);
}

static void on_ended(struct snapshot *s, enum snapshot_end end, const char *why)
{
	struct prelude *p = container_of(s, struct prelude, snapshot);
	struct outlet *o = p->outlet;

	if (end == SNAPSHOT_WHOLE) {
		ask_changes(p);
	} else if (end == SNAPSHOT_LOST && p->items == 0) {
		prelude_start(o); /* the new one waits for the database */
	} else if (end == SNAPSHOT_SLOW) {
		outlet_close(o, "slow");
	} else {
		log_error("[STREAM %" PRIu64
			  "] snapshot function '%s' of '%s' did not end well: %s",
			  o->number, o->sub.stream->def.snapshot, o->sub.stream->def.path, why);
		outlet_close(o, "failed");
	}
}

/* --- before the items --- */

static bool is_published(const struct prelude *p)
{
	return p->outlet->set->router->whole_tick >= p->told;
}

static void await_log(struct prelude *p)
{
	p->step = PRELUDE_WAITING;
	if (is_published(p))
		ask_items(p);
	else
		list_append(&p->outlet->set->preludes, &p->link);
}

void prelude_reached(struct outlets *set)
{
	list_each (node, tmp, &set->preludes) {
		struct prelude *p = container_of(node, struct prelude, link);

		if (!is_published(p))
			continue;
		list_remove(&p->link);
		ask_items(p);
	}
}

static void ask_cover(struct prelude *p)
{
	struct question_ops *questions = &p->outlet->set->questions;

	p->cover.client = p->snapshot.client;
	questions->submit(questions->ctx, &p->cover);
}

static void on_again(struct timer *t)
{
	ask_cover(container_of(t, struct prelude, again));
}

static void on_covered(struct question *q, const struct answer *a)
{
	struct prelude *p = container_of(q, struct prelude, cover);

	if (a->values[0] == NULL || !cursor_parse(a->values[0], &p->end)) {
		loop_set_timer(loop_of(p), &p->again, AGAIN_MS);
		return;
	}
	p->told = p->end.tick;
	await_log(p);
}

static void on_noted(struct snapshot *s, const struct snapshot_note *note)
{
	struct prelude *p = container_of(s, struct prelude, snapshot);

	p->since = p->end = note->at;
	p->told = note->told;
	loop_set_timer(loop_of(p), &p->limit, PRELUDE_LOG_MS);
	if (note->seen == NULL) {
		await_log(p);
		return;
	}
	p->step = PRELUDE_COVERING;
	p->seen = xstrdup(note->seen);
	snprintf(p->since_text, sizeof(p->since_text), "%" PRId64, p->since.tick);
	p->cover = (struct question){.kind = QUESTION_COVER,

				     .answered = on_covered,
				     .params = {p->since_text, p->seen}};
	ask_cover(p);
}

/* --- life --- */

static void on_limit(struct timer *t)
{
	struct prelude *p = container_of(t, struct prelude, limit);
	struct outlet *o = p->outlet;

	if (p->step == PRELUDE_ITEMS) {
		outlet_close(o, "slow");
		return;
	}
	log_error("[STREAM %" PRIu64 "] no tick has come within %d s that holds all that the "
		  "snapshot of '%s' shows: does a daemon run"
		  " beside the primary?",
		  o->number, PRELUDE_LOG_MS / 1000, o->sub.stream->def.path);
	outlet_close(o, "failed");
}

void prelude_renew(struct outlet *o)
{
	struct snapshot *s;

	if (o->prelude == NULL)
		return;
	s = &o->prelude->snapshot;
	s->params[0] = o->sub.stream->def.path;
	s->params[1] = o->holder.claims;
	s->params[2] = selection_params(o->selection, 0);
	s->client = (struct client){o->holder.user, o->address};
}

static void stop(struct outlet *o)
{
	struct prelude *p = o->prelude;

	catching_stop(o);
	o->prelude = NULL;
	loop_stop_timer(o->set->loop, &p->again);
	loop_stop_timer(o->set->loop, &p->limit);
	o->set->snapshots.cancel(o->set->snapshots.ctx, &p->snapshot);
	o->set->questions.cancel(o->set->questions.ctx, &p->cover);
	list_remove(&p->link);
	buf_release(&p->name);
	buf_release(&p->data);
	free(p->seen);
	free(p);
}

static const struct phase prelude_phase = {
	.state = OUTLET_PRELUDE, .drained = drained, .stop = stop};

void prelude_start(struct outlet *o)
{
	struct prelude *p = xcalloc(1, sizeof(*p));

	outlet_enter(o, &prelude_phase);
	o->prelude = p;
	p->outlet = o;
	p->snapshot = (struct snapshot){
		.noted = on_noted, .item = on_item, .portion = on_portion, .ended = on_ended};
	timer_init(&p->again, on_again);
	timer_init(&p->limit, on_limit);
	buf_init(&p->name);
	buf_init(&p->data);
	prelude_renew(o);
	o->set->snapshots.submit(o->set->snapshots.ctx, &p->snapshot);
}
