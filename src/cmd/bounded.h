/* SPDX-License-Identifier: PostgreSQL */
/*
 * bounded.h: a database connection that nobody waits for longer than BOUNDED_MS at a time, nor
 * beyond an end that is set once: a server that has been frozen or cut off answers nothing for
 * hours. It finds its server as serve does (pg/hosts.h): names are looked up within that time, and
 * a host that is silent is passed over. A question changes nothing, neither rows nor the session:
 * behind a pooler that would be somebody else's.
 */
#ifndef CMD_BOUNDED_H
#define CMD_BOUNDED_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

#define BOUNDED_MS 5000

struct bounded {
	PGconn *pg;     /* owned; NULL: not connected, lost, or given up */
	int64_t end_ms; /* monotonic */
	char why[1000]; /* of the last failure, one line */
	bool late;      /* given up for want of an answer */
	char state[6];  /* its SQLSTATE, empty: it has none */
};

/* False: `why` says what stands in the way. Close it in either case. */
MUST_CHECK bool bounded_open(struct bounded *b, const char *conninfo, int64_t end_ms);
/* To the server that `first` is connected to, and nowhere else. */
MUST_CHECK bool bounded_open_beside(struct bounded *b, const struct bounded *first,
				    const char *conninfo);
void bounded_close(struct bounded *b);

/* The rows of one query in a transaction of its own that may only read; param: its $1, NULL: it has
 * none. NULL: `why`. The caller clears. */
PGresult *bounded_ask(struct bounded *b, const char *sql, const char *param);

/* A statement by itself, without a transaction around it; the same. */
PGresult *bounded_run(struct bounded *b, const char *sql, const char *param);

/* Does a notification with this payload arrive in time? */
MUST_CHECK bool bounded_hears(struct bounded *b, const char *payload);

#endif
