/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/prelude.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "outlet/control.h"
#include "outlet/opening.h"

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

void prelude_change(struct outlet *o, const struct event *event)
{
	struct prelude *p = o->prelude;

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

void prelude_finish(struct outlet *o)
{
	struct prelude *p = o->prelude;

	if (p->held)
		append_held(p, &p->end);
	else
		say_ready(p, &p->end);
	prelude_stop(o);
}

/* The items are over. */
static void ask_changes(struct prelude *p)
{
	struct outlet *o = p->outlet;

	loop_stop_timer(loop_of(p), &p->limit);
	if (p->seen == NULL) {
		opening_caught_up(o, p->end.tick);
		return;
	}
	p->step = PRELUDE_CHANGES;
	opening_ask_changes(o, (struct cursor){p->since.tick, CURSOR_TICK_END}, p->end.tick,
			    p->seen);
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

void prelude_sent(struct outlet *o)
{
	struct prelude *p = o->prelude;

	if (!p->portion_over)
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
	p->cover = (struct question){
		.kind = QUESTION_COVER, .answered = on_covered, .params = {p->since_text, p->seen}};
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
	s->params[2] = o->selection->items[0].params;
	s->user = o->holder.user;
}

void prelude_start(struct outlet *o)
{
	struct prelude *p;

	prelude_stop(o);
	p = xcalloc(1, sizeof(*p));
	p->outlet = o;
	p->snapshot = (struct snapshot){
		.noted = on_noted, .item = on_item, .portion = on_portion, .ended = on_ended};
	timer_init(&p->again, on_again);
	timer_init(&p->limit, on_limit);
	buf_init(&p->name);
	buf_init(&p->data);
	o->prelude = p;
	o->state = OUTLET_CATCHING;
	o->page_over = false;
	prelude_renew(o);
	o->set->snapshots.submit(o->set->snapshots.ctx, &p->snapshot);
}

void prelude_stop(struct outlet *o)
{
	struct prelude *p = o->prelude;

	if (p == NULL)
		return;
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
