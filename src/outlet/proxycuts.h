/* SPDX-License-Identifier: PostgreSQL */
/*
 * proxycuts.h: what connections that end from their client's side teach about proxies between. A
 * client whose stream ends after the same silence twice in a row, and that is back within seconds,
 * stands behind a proxy that cuts idle connections: its next streams are pinged before that. When
 * three clients of a path have taught about the same, new clients of the path begin with it. A
 * stream that is cut at the same age although it was pinged is cut by age: no ping helps, so that
 * is unlearned, and an operator is told.
 *
 * Pure but for its lines in the log: times are passed in, milliseconds of the monotonic clock.
 * Bounded: CUTS_MOST clients, the oldest go, and what is a day old. A client can shorten its own
 * pings only, never below a second. Unlike streams in many tabs, which only slow learning down,
 * clients that cannot be told apart (anonymous behind one proxy) teach nothing.
 */
#ifndef OUTLET_PROXYCUTS_H
#define OUTLET_PROXYCUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/strmap.h"

#define PROXYCUTS_MOST 4096
#define PROXYCUTS_LEARNED_MOST 3072 /* of them; so there is always room to learn */
#define PROXYCUTS_PATHS_MOST 1024
#define PROXYCUTS_TEACHERS 3
#define PROXYCUTS_SILENCE_LEAST_MS 2000
#define PROXYCUTS_PERIOD_LEAST_MS 1000
#define PROXYCUTS_OTHERS_MOST 4

struct proxycuts {
	struct strmap clients;    /* -> struct cut */
	struct strmap paths;      /* -> struct cut_path */
	struct list fresh, known; /* clients, oldest first; known: something was learned of them */
	size_t known_count;
	size_t learned;     /* clients that are pinged more often, for metrics */
	uint64_t unlearned; /* found to be cut by age since the start, likewise */
};

struct proxycuts_client {
	const char *address, *user; /* user NULL: anonymous */
	const char *path;           /* of the stream's definition */
};

struct proxycuts_end {
	int64_t now_ms, age_ms, silent_ms;
	int period_ms, learned_ms; /* the stream's; learned_ms: what proxycuts_opened had said */
	size_t others;             /* streams that are still open and might be the same client's */
};

void proxycuts_init(struct proxycuts *c);
void proxycuts_release(struct proxycuts *c);

/* A stream ended from its client's side. */
void proxycuts_ended(struct proxycuts *c, const struct proxycuts_client *who,
		     const struct proxycuts_end *end);

/* One is opened. patience_ms: who comes back within that is the client of before. Yields the period
 * of its pings; 0: nothing is known. */
int proxycuts_opened(struct proxycuts *c, const struct proxycuts_client *who, int64_t now_ms,
		     int64_t patience_ms);

#endif
