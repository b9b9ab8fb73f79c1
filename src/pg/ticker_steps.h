/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticker_steps.h: the steps of the ticker as one table (ticker_row.h). A row says what the step
 * asks the database, when it may, what goes with it, what its answer is taken for, and what that
 * means for the next ones. ticker.c is the other half: the connection, and what wishes a step.
 */
#ifndef PG_TICKER_STEPS_H
#define PG_TICKER_STEPS_H

#include "pg/ticker.h"

/* What is to be prepared; ret_statements has room for TICKER_STATEMENTS. */
void ticker_list_statements(struct session_statement *ret_statements);

/* Runs the first step that is wished and may be, where the connection is free. Else it rests. */
void ticker_next_step(struct ticker *t);

void ticker_run(struct ticker *t, enum ticker_step step); /* this one, on a free connection */
void ticker_take(struct ticker *t, const PGresult *res);  /* one row of the running step's answer */
void ticker_conclude(struct ticker *t); /* what a step that has gone well means for the next ones */

/* Unless another instance makes a tick within TICKER_SUSPECT_MS, this one does. */
void ticker_suspect(struct ticker *t);

/* A lock of a session is no use if others have the session the next moment. */
bool ticker_may_lead(const struct ticker *t);

static inline void ticker_wish(struct ticker *t, enum ticker_step step)
{
	t->wishes |= UINT32_C(1) << step;
}

static inline void ticker_unwish(struct ticker *t, enum ticker_step step)
{
	t->wishes &= ~(UINT32_C(1) << step);
}

/* Leaves an earlier wish as it is if there is none now. */
static inline void ticker_wish_if(struct ticker *t, enum ticker_step step, bool wished)
{
	if (wished)
		ticker_wish(t, step);
}

/* Takes an earlier wish back if there is none now. */
static inline void ticker_set_wish(struct ticker *t, enum ticker_step step, bool wished)
{
	ticker_unwish(t, step);
	ticker_wish_if(t, step, wished);
}

static inline bool ticker_wishes(const struct ticker *t, enum ticker_step step)
{
	return (t->wishes >> step & 1) != 0;
}

/* The earlier of two times, of which 0 is none. */
static inline int64_t ticker_earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

#endif
