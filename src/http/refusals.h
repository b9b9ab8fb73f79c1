/* SPDX-License-Identifier: PostgreSQL */
/*
 * refusals.h: requests that were not let in: counted by reason for /metrics, and said in the log,
 * but not each of a flood: REFUSALS_LINES a second, then one line with the number of the others.
 */
#ifndef HTTP_REFUSALS_H
#define HTTP_REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

#define REFUSALS_LINES 10

enum refusal_kind {
	REFUSED_FRAMING,
	REFUSED_PATH,
	REFUSED_TOKEN,
	REFUSED_FORBIDDEN,
	REFUSED_FULL,
	REFUSED_KINDS
};

struct refusals {
	struct loop *loop;
	uint64_t counts[REFUSED_KINDS];
	struct timer second; /* pending since the first line of this second */
	unsigned lines;      /* in it */
	uint64_t unsaid;
};

void refusals_init(struct refusals *r, struct loop *loop);
void refusals_release(struct refusals *r);
void refusals_count(struct refusals *r, unsigned status); /* by the answer's status */
bool refusals_say(struct refusals *r); /* may a line be written? false: it is counted as unsaid */
/* The line, where it may be written. */
void refusals_log(struct refusals *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
const char *refusal_name(enum refusal_kind kind);

#endif
