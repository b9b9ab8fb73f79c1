/* SPDX-License-Identifier: PostgreSQL */
/*
 * complaints.h: decides which complaints of one connection go to the log.
 *
 * What goes wrong at each attempt is told once a minute. Functions of the application fail with
 * words of their own, and those may contain a request's parameters. Of these, COMPLAINTS_A_MINUTE
 * are told in a minute. At its end the log says how many others there were. So no client can fill
 * the log.
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
	const char *name; /* of the connection; borrowed */
	struct complaint {
		uint64_t hash;
		int64_t at_ms;
	} said[4]; /* the last ones */
	int told;  /* in this minute, of what is counted */
	uint64_t untold;
	struct timer minute;
};

void complaints_init(struct complaints *c, struct loop *loop, const char *name);
/* Logs how many were not told. It may be used again. */
void complaints_stop(struct complaints *c);
/* Forgets what was said. The minute goes on. */
void complaints_forget(struct complaints *c);

/* True if the text was not said in the last minute and is to be told. It then counts as said. */
MUST_CHECK bool complaints_are_news(struct complaints *c, const char *text);

/* The same for what clients can cause. It is also false if this minute has had too many. Those are
 * counted. */
MUST_CHECK bool complaints_have_room(struct complaints *c, const char *text);

#endif
