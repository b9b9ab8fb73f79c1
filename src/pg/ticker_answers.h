/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticker_answers.h: what the database answers to the ticker, and what that means for its next
 * steps: the half of the ticker that takes. ticker.c is the other half: what wakes it, and what it
 * asks for.
 */
#ifndef PG_TICKER_ANSWERS_H
#define PG_TICKER_ANSWERS_H

#include "pg/ticker.h"

#define TICKER_PRUNE_AT_ONCE 1000 /* changes in one go: a few milliseconds, then ticks go on */

void ticker_take(struct ticker *t, const PGresult *res); /* one row of the running step's answer */
void ticker_conclude(struct ticker *t); /* what a step that has gone well means for the next ones */
/* unless somebody else makes a tick within TICKER_SUSPECT_MS, this instance does */
void ticker_suspect(struct ticker *t);

#endif
