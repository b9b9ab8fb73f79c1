/* SPDX-License-Identifier: PostgreSQL */
/*
 * proxycuts.h: what connections that end from their client's side teach about proxies in between.
 *
 * A client stands behind a proxy that cuts idle connections if two things hold:
 *
 *   - its connections ended after about the same silence twice in a row;
 *   - it was back within seconds each time.
 *
 * For each other open connection that might be the client's, one more such end is needed. The next
 * connections of such a client are pinged before that silence is over. When three clients of a path
 * have taught about the same, new clients of the path begin with it.
 *
 * A connection that is cut at the same age although it was pinged is cut by age. No ping helps
 * there. So what was learned is forgotten, and the log tells an operator.
 *
 * This module is pure, except that it writes to the log. Times are passed in, as milliseconds of
 * the monotonic clock. It holds PROXYCUTS_MOST clients at most. The oldest go, and so does what is
 * a day old. A client can shorten its own pings only, and never below a second. Connections in many
 * tabs only slow learning down. Clients that cannot be told apart, as anonymous ones behind one
 * proxy, teach nothing.
 */
#ifndef OUTLET_PROXYCUTS_H
#define OUTLET_PROXYCUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/list.h"
#include "base/strmap.h"

#define PROXYCUTS_MOST 4096
#define PROXYCUTS_LEARNED_MOST 3072 /* of those clients; so there is always room to learn */
#define PROXYCUTS_PATHS_MOST 1024
#define PROXYCUTS_TEACHERS 3
#define PROXYCUTS_SILENCE_LEAST_MS 2000
#define PROXYCUTS_PERIOD_LEAST_MS 1000
#define PROXYCUTS_OTHERS_MOST 4

struct proxycuts {
	struct strmap clients; /* values are struct cut */
	struct strmap paths;   /* values are struct cut_path */
	/* Clients, oldest first. Something was learned of those in known. */
	struct list fresh, known;
	size_t known_count;
	size_t learned;     /* clients that are pinged more often, for metrics */
	uint64_t unlearned; /* clients found to be cut by age since the start, for metrics */
};

struct proxycuts_client {
	const char *address, *user; /* user is NULL if anonymous */
	const char *path;           /* as defined */
};

struct proxycuts_end {
	int64_t now_ms, age_ms, silent_ms;
	/* Of the connection. learned_ms is what proxycuts_opened had said. */
	int period_ms, learned_ms;
	/* Connections that are still open and might be the same client's. */
	size_t others;
};

void proxycuts_init(struct proxycuts *c);
void proxycuts_release(struct proxycuts *c);

/* A connection ended from its client's side. */
void proxycuts_ended(struct proxycuts *c, const struct proxycuts_client *who,
		     const struct proxycuts_end *end);

/*
 * A connection is opened. A client that comes back within patience_ms is taken for the one before.
 * Returns the period of its pings in milliseconds, or 0 if nothing is known.
 */
int proxycuts_opened(struct proxycuts *c, const struct proxycuts_client *who, int64_t now_ms,
		     int64_t patience_ms);

#endif
