/* SPDX-License-Identifier: PostgreSQL */
/*
 * tally.h: what the log says of connections that come and go.
 *
 * Each opening and each end is a line of level debug. A line of level info sums them up once a
 * minute, while there are any. So a log of level info does not grow with the clients.
 *
 * An end that an operator may have to look into is a line of level info as well: the client was
 * slow, has lost its right, or something has failed. There are TALLY_LINES_MOST of these a minute.
 * Later ones are of level debug, and the sum tells how many there were.
 */
#ifndef OUTLET_TALLY_H
#define OUTLET_TALLY_H

#include <stdint.h>

#include "base/loop.h"
#include "outlet/census.h"

#define TALLY_MS 60000
#define TALLY_LINES_MOST 60

struct outlet;

struct tally {
	struct loop *loop;
	const struct census *census;
	struct timer timer; /* pending while there is something to say */
	int64_t since_ms;   /* when it was set */
	uint64_t opened, open;
	/* What the census had counted at the last sum. */
	uint64_t closed[CENSUS_REASONS];
	int lines; /* of level info since then */
};

void tally_init(struct tally *t, struct loop *loop, const struct census *census);
/* Says what was not said yet. */
void tally_release(struct tally *t);

void tally_opened(struct tally *t, const struct outlet *o);
/* To be called after census_closed. `why` is for the log. */
void tally_closed(struct tally *t, const struct outlet *o, const char *why);

#endif
