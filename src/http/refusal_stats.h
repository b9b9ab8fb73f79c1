/* SPDX-License-Identifier: PostgreSQL */
/*
 * refusal_stats.h: requests that were not let in. They are counted by reason for /metrics, and
 * logged. A flood gets REFUSAL_STATS_LINES lines a second, and one more line with the number of the
 * others.
 */
#ifndef HTTP_REFUSAL_STATS_H
#define HTTP_REFUSAL_STATS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

#define REFUSAL_STATS_LINES 10

enum refusal_kind {
	REFUSED_FRAMING,
	REFUSED_PATH,
	REFUSED_TOKEN,
	REFUSED_FORBIDDEN,
	REFUSED_FULL,
	REFUSED_KINDS
};

struct refusal_stats {
	struct loop *loop;
	uint64_t counts[REFUSED_KINDS];
	struct timer second; /* pending since the first line of this second */
	unsigned lines;      /* in this second */
	uint64_t unsaid;
};

void refusal_stats_init(struct refusal_stats *r, struct loop *loop);
void refusal_stats_release(struct refusal_stats *r);
void refusal_stats_count(struct refusal_stats *r, unsigned status); /* by the answer's status */
/* True if a line may be written. If not, the line is counted as unsaid. */
bool refusal_stats_say(struct refusal_stats *r);
/* Writes the line, if it may be written. */
void refusal_stats_log(struct refusal_stats *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The kind as /metrics names it. */
const char *refusal_stats_name(enum refusal_kind kind);

#endif
