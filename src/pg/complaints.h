/* SPDX-License-Identifier: PostgreSQL */
/*
 * complaints.h: what one connection has to complain of, on its way to the log. What goes wrong at
 * each attempt is told once a minute. Functions of the application fail with words of their own, in
 * which a request's parameters may stand: of these so many a minute are told, and then how many
 * others there were. So no client fills the log.
 */
#ifndef PG_COMPLAINTS_H
#define PG_COMPLAINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

#define COMPLAINTS_MINUTE_MS 60000
#define COMPLAINTS_A_MINUTE 10

struct complaints {
	struct loop *loop;
	const char *name; /* whose; borrowed */
	struct complaint {
		uint64_t hash;
		int64_t at_ms;
	} said[4]; /* of late */
	int told;  /* in this minute, of what is counted */
	uint64_t untold;
	struct timer minute;
};

void complaints_init(struct complaints *c, struct loop *loop, const char *name);
void complaints_stop(struct complaints *c);   /* says what is untold; may go on */
void complaints_forget(struct complaints *c); /* what was said; the minute goes on */

/* To be told, for it was not said in the last minute? Then it counts as said. */
MUST_CHECK bool complaints_are_news(struct complaints *c, const char *text);

/* The same of what clients may bring about: and are there not too many in this minute? */
MUST_CHECK bool complaints_have_room(struct complaints *c, const char *text);

#endif
