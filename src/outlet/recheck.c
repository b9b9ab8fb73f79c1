/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/recheck.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "outlet/outlets.h"

struct recheck {
	struct errand errand;
	struct outlet *outlet;
	struct question question;
	struct timer timer;
	/* By the loop's clock, when the right was put in doubt. */
	int64_t since_ms;
	size_t part; /* the part whose function is being asked */
	/*
	 * When the right was put in doubt again, by the loop's clock. 0 if that was not since the
	 * question was asked.
	 */
	int64_t again_ms;
};

static void ask(struct outlet *o, int64_t since_ms, size_t part);

/* NULL if it is not being asked. */
static struct recheck *recheck_of(const struct outlet *o)
{
	return o->recheck == NULL ? NULL : container_of(o->recheck, struct recheck, errand);
}

/*
 * Returns the first part, from this one on, that has a function to ask. If there is none, it
 * returns part_count.
 */
static size_t next_part(const struct outlet *o, size_t part)
{
	while (part < o->sub.part_count && !stream_def_asks(&o->sub.parts[part].stream->def))
		part++;
	return part;
}

/* Do the functions of match list what they listed when the connection was opened? */
static bool lists_the_same(const struct outlet *o, size_t part, const char *listed)
{
	const char *was = o->selection->items[part].listed;

	return was == NULL || listed == NULL ? was == listed : strcmp(was, listed) == 0;
}

/* All is as it was. */
static void go_on(struct outlet *o)
{
	if (o->held)
		router_touch_again(o->set->router, &o->sub);
	o->held = false;
}

static bool lists(const struct outlet *o)
{
	for (size_t i = 0; i < o->sub.part_count; i++)
		if (stream_def_lists(&o->sub.parts[i].stream->def))
			return true;
	return false;
}

static void on_answered(struct question *q, const struct answer *a)
{
	struct recheck *r = container_of(q, struct recheck, question);
	struct outlet *o = r->outlet;
	int64_t again_ms = r->again_ms, since_ms = r->since_ms;
	size_t next = next_part(o, r->part + 1);
	bool yes = a->values[0] != NULL && strcmp(a->values[0], "true") == 0,
	     same = yes && lists_the_same(o, r->part, a->values[1]);

	recheck_stop(o);
	if (a->passing)
		outlet_close(o, "fault");
	else if (!yes)
		outlet_close(o, "forbidden");
	else if (!same)
		outlet_close(o, "changed");
	else if (again_ms != 0)
		ask(o, again_ms, next_part(o, 0));
	else if (next < o->sub.part_count)
		ask(o, since_ms, next);
	else
		go_on(o);
}

static void on_late(struct timer *t)
{
	outlet_close(container_of(t, struct recheck, timer)->outlet, "fault");
}

/*
 * The answer must be there RECHECK_MS after the right may have ended. It does not matter how long
 * an earlier question was under way.
 */
static void ask(struct outlet *o, int64_t since_ms, size_t part)
{
	struct outlets *set = o->set;
	struct recheck *r = xcalloc(1, sizeof(*r));
	int64_t left = since_ms + RECHECK_MS - set->loop->now_ms;

	o->recheck = &r->errand;
	r->errand.stop = recheck_stop;
	r->outlet = o;
	r->since_ms = since_ms;
	r->part = part;
	r->question =
		(struct question){.kind = QUESTION_ASKED,
				  .client = {o->holder.user, o->address},
				  .answered = on_answered,
				  .params = {o->sub.parts[part].stream->def.path, o->holder.claims,
					     selection_params(o->selection, part)}};
	timer_init(&r->timer, on_late);
	loop_set_timer(set->loop, &r->timer, left > 0 ? left : 0);
	set->questions.submit(set->questions.ctx, &r->question);
}

void recheck_start(struct outlet *o)
{
	struct recheck *r = recheck_of(o);

	if (outlet_is_ending(o) || next_part(o, 0) == o->sub.part_count)
		return;
	if (lists(o) && o->phase->state != OUTLET_LIVE) {
		outlet_close(o, "changed");
		return;
	}
	o->held = lists(o);
	if (r == NULL)
		ask(o, o->set->loop->now_ms, next_part(o, 0));
	else if (r->again_ms == 0)
		r->again_ms = o->set->loop->now_ms;
}

void recheck_stop(struct outlet *o)
{
	struct recheck *r = recheck_of(o);

	if (r == NULL)
		return;
	o->recheck = NULL;
	loop_stop_timer(o->set->loop, &r->timer);
	o->set->questions.cancel(o->set->questions.ctx, &r->question);
	free(r);
}
