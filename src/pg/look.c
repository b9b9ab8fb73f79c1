/* SPDX-License-Identifier: PostgreSQL */
#include "pg/look.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"

static void on_answered(struct question *q, const struct answer *a);

void look_init(struct look *l, struct loop *loop, struct question_ops questions)
{
	*l = (struct look){.loop = loop, .questions = questions};
}

static void set_step(struct look *l, const char *step)
{
	free(l->step);
	l->step = step == NULL ? NULL : xstrdup(step);
}

static void ask(struct look *l)
{
	l->question = (struct question){
		.kind = QUESTION_LOOK, .answered = on_answered, .params = {l->step}};
	l->questions.submit(l->questions.ctx, &l->question);
}

void look_begin(struct look *l)
{
	if (l->on)
		return;
	l->on = true;
	set_step(l, NULL);
	ask(l);
}

static void say_failure(struct look *l)
{
	if (l->said_ms != 0 && l->loop->now_ms - l->said_ms < LOOK_SAY_EVERY_MS)
		return;
	l->said_ms = l->loop->now_ms;
	log_warn(
		"[STREAM JOB] captures do not follow what DDL has changed, and it is tried again: "
		"a "
		"session may be in the way, or an event trigger that takes long or fails. pgherald "
		"doctor says more");
}

static void on_answered(struct question *q, const struct answer *a)
{
	struct look *l = container_of(q, struct look, question);

	if (a->failed)
		say_failure(l);
	set_step(l, a->values[0]);
	l->on = l->step != NULL;
	if (l->on)
		ask(l);
}

void look_release(struct look *l)
{
	l->questions.cancel(l->questions.ctx, &l->question);
	free(l->step);
}
