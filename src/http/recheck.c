/* SPDX-License-Identifier: PostgreSQL */
#include "http/recheck.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "http/outlets.h"

struct recheck {
	struct outlet *outlet;
	struct question question;
	struct timer timer;
	bool again; /* what it rests on has changed since it was asked */
};

static void on_answered(struct question *q, bool failed, const char *value)
{
	struct recheck *r = container_of(q, struct recheck, question);
	struct outlet *o = r->outlet;
	bool again = r->again, yes = !failed && value != NULL && strcmp(value, "true") == 0;

	recheck_stop(o);
	if (!yes)
		outlet_close(o, "forbidden");
	else if (again)
		recheck_start(o);
}

static void on_late(struct timer *t)
{
	outlet_close(container_of(t, struct recheck, timer)->outlet, "forbidden");
}

void recheck_start(struct outlet *o)
{
	struct outlets *set = o->set;
	struct recheck *r = o->recheck;

	if (o->state == OUTLET_CLOSING || o->state == OUTLET_CLOSED || o->sub.stream->def.authorize == NULL)
		return;
	if (r != NULL) {
		r->again = true;
		return;
	}
	r = o->recheck = xcalloc(1, sizeof(*r));
	r->outlet = o;
	r->question = (struct question){.kind = QUESTION_ENTITLED, .answered = on_answered,
					.params = {o->sub.stream->def.path, o->holder.claims, o->holder.params}};
	timer_init(&r->timer, on_late);
	loop_set_timer(set->loop, &r->timer, RECHECK_MS);
	set->questions.submit(set->questions.ctx, &r->question);
}

void recheck_stop(struct outlet *o)
{
	struct recheck *r = o->recheck;

	if (r == NULL)
		return;
	o->recheck = NULL;
	loop_stop_timer(o->set->loop, &r->timer);
	o->set->questions.cancel(o->set->questions.ctx, &r->question);
	free(r);
}
