/* SPDX-License-Identifier: PostgreSQL */
/*
 * look.h: has the database look at what DDL has changed (herald.look).
 *
 * A look is some short steps, each a question (hub/question.h) in a session that is not the
 * ticker's. So no DDL, and no event trigger of the application, keeps ticks waiting. A look that
 * fails is over. The next one begins anew.
 */
#ifndef PG_LOOK_H
#define PG_LOOK_H

#include "base/loop.h"
#include "hub/question.h"

#define LOOK_SAY_EVERY_MS 60000

struct look {
	struct loop *loop;
	struct question_ops questions; /* a copy; what it refers to is borrowed */
	struct question question;
	bool on;
	char *step;      /* that is asked for; NULL if it is the first */
	int64_t said_ms; /* when a failure was logged last; 0 if none was */
};

void look_init(struct look *l, struct loop *loop, struct question_ops questions);
/* Begins a look, unless one is under way. */
void look_begin(struct look *l);
void look_release(struct look *l);

#endif
