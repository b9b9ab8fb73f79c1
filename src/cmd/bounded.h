/* SPDX-License-Identifier: PostgreSQL */
/*
 * bounded.h: a database connection that nobody waits for too long. A question takes BOUNDED_MS at
 * most, and nothing goes on after an end that is set once. Without this, a server that has been
 * frozen or cut off would answer nothing for hours.
 *
 * It finds its server as serve does (pg/hosts.h). Names are looked up within that time, and a host
 * that is silent is passed over. A question changes nothing, neither rows nor the session. Behind a
 * pooler, the session would be somebody else's.
 */
#ifndef CMD_BOUNDED_H
#define CMD_BOUNDED_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

#define BOUNDED_MS 5000

struct bounded {
	PGconn *pg;     /* owned; NULL if it is not connected, is lost, or was given up */
	int64_t end_ms; /* monotonic clock */
	char why[1000]; /* of the last failure, one line */
	bool late;      /* given up for want of an answer */
	char state[6];  /* its SQLSTATE, empty if it has none */
};

/*
 * Connects. The time end_ms is by the monotonic clock. False if it cannot, and `why` says the
 * reason. The caller closes it in either case.
 */
MUST_CHECK bool bounded_open(struct bounded *b, const char *conninfo, int64_t end_ms);
/* Connects to the server that `first` is connected to, and nowhere else. */
MUST_CHECK bool bounded_open_beside(struct bounded *b, const struct bounded *first,
				    const char *conninfo);
void bounded_close(struct bounded *b);

/*
 * The rows of one query, in a read-only transaction of its own. `param` is its $1, or NULL if it
 * has none. NULL if it failed, and `why` says the reason. The caller clears the result.
 */
PGresult *bounded_ask(struct bounded *b, const char *sql, const char *param);

/* The same for a statement by itself, without a transaction around it. */
PGresult *bounded_run(struct bounded *b, const char *sql, const char *param);

/* True if a notification with this payload arrives in time. */
MUST_CHECK bool bounded_hears(struct bounded *b, const char *payload);

#endif
