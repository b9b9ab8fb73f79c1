/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticker_steps.h: the steps of the ticker as one table (ticker_row.h).
 *
 * A row says five things of its step:
 * - what it asks the database;
 * - when it may;
 * - which parameters go with it;
 * - what its answer is taken for;
 * - what that means for the next steps.
 *
 * ticker.c has the connection. ticker_bells.c has what wishes a step.
 */
#ifndef PG_TICKER_STEPS_H
#define PG_TICKER_STEPS_H

#include "pg/ticker.h"

/* Lists the statements to be prepared. ret_statements has room for TICKER_STATEMENTS. */
void ticker_list_statements(struct session_statement *ret_statements);

/* If the connection is free, runs the first step that is wished and may run. If there is none, the
 * ticker rests. */
void ticker_next_step(struct ticker *t);

/* Something is wished. It runs at once if the ticker rests, and otherwise when the running step
 * ends. */
static inline void ticker_nudge(struct ticker *t)
{
	if (t->step == TICKER_REST)
		ticker_next_step(t);
}

/* Runs this step. The connection must be free. */
void ticker_run(struct ticker *t, enum ticker_step step);
/* Takes one row of the running step's answer. */
void ticker_take(struct ticker *t, const PGresult *res);
/* Does what a step that has succeeded means for the next ones. */
void ticker_conclude(struct ticker *t);

/* Unless another instance makes a tick within TICKER_SUSPECT_MS, this one does. */
void ticker_suspect(struct ticker *t);

/* True if this instance may have the role. A database that follows another one's log makes no
 * ticks. The role is a lock of the session. It is no use if others have the session the next
 * moment. */
bool ticker_may_lead(const struct ticker *t);

static inline void ticker_wish(struct ticker *t, enum ticker_step step)
{
	t->wishes |= UINT32_C(1) << step;
}

static inline void ticker_unwish(struct ticker *t, enum ticker_step step)
{
	t->wishes &= ~(UINT32_C(1) << step);
}

/* Leaves an earlier wish as it is, if there is none now. */
static inline void ticker_wish_if(struct ticker *t, enum ticker_step step, bool wished)
{
	if (wished)
		ticker_wish(t, step);
}

/* Takes an earlier wish back, if there is none now. */
static inline void ticker_set_wish(struct ticker *t, enum ticker_step step, bool wished)
{
	ticker_unwish(t, step);
	ticker_wish_if(t, step, wished);
}

static inline bool ticker_wishes(const struct ticker *t, enum ticker_step step)
{
	return (t->wishes >> step & 1) != 0;
}

/* Returns the earlier of two times. 0 is no time. */
static inline int64_t ticker_earlier(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

#endif
