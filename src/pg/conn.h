/* SPDX-License-Identifier: PostgreSQL */
/*
 * conn.h: one connection to PostgreSQL that never blocks: it connects, runs one query at a time and
 * hands over rows as they arrive. It reconnects with a growing pause, for ever, unless its owner
 * wants to know that it was refused: then it is tried once. A query that makes no progress in its
 * time ends the connection: the server may be frozen, or gone without a word. Embedded in its
 * owner. up and done may send the next query or drop the connection; result must not.
 */
#ifndef PG_CONN_H
#define PG_CONN_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "pg/complaints.h"
#include "pg/hosts.h"
#include "pg/layer.h"

#define CONN_STALL_MS 10000 /* of a query that is done in milliseconds */
/*
 * Of one that may have to sort a transaction of millions before its first row. It comes to that in
 * steps, from CONN_STALL_MS on: a server that says nothing any more is more likely.
 */
#define CONN_STALL_READ_MS 120000
#define CONN_PAUSE_MIN_MS 100
#define CONN_PAUSE_MAX_MS 1000

enum conn_state {
	CONN_DOWN,       /* waiting for the next attempt */
	CONN_CONNECTING, /* pg is NULL while names are looked up */
	CONN_IDLE,
	CONN_BUSY, /* a query runs */
};

struct conn;

struct conn_calls {
	void (*up)(struct conn *c); /* connected, idle */
	/* was up; the next attempt follows by itself */
	void (*lost)(struct conn *c);
	/* one row, or the end of a command; never an error */
	void (*result)(struct conn *c, const PGresult *res);
	/* no more results in this turn; NULL: as many as usual */
	bool (*enough)(const struct conn *c);
	/* the query has ended, idle; not ok: logged */
	void (*done)(struct conn *c, bool ok);
	/* NULL: it listens to nothing */
	void (*notified)(struct conn *c, const char *channel, int backend_pid);
	/* It could not be made, by a server that refuses (then its SQLSTATE is in `why`), by a
	 * silence or for want of one; no next attempt follows. `why` has all that libpq said. NULL:
	 * the log is told, and the next attempt follows. */
	void (*refused)(struct conn *c, const char *why);
};

/*
 * How statements run where the session is not our own, but shared by a pooler: as text, each in one
 * transaction with a statement before it that makes settings for that transaction only. Nothing
 * stays.
 */
struct conn_once {
	/* of the transaction, said before all else, unless there is one already; NULL: none */
	const char *modes;
	const char *before; /* its rows nobody gets */
	const char *(*sql)(const struct conn_once *once, const char *statement);
};

struct conn {
	struct loop *loop;
	const char *conninfo; /* borrowed; NULL or "": libpq's own environment */
	const char *name;     /* application_name, borrowed */
	const struct conn_calls *calls;
	const struct conn *guide;     /* borrowed; NULL: none; see conn_go_with */
	bool bound;                   /* to the guide's server */
	const struct conn_once *once; /* borrowed; NULL: statements are prepared */
	PGconn *pg;
	enum conn_state state;
	bool failed;         /* the running query has had an error */
	char fault[200];     /* the last one's sentence */
	bool stalled;        /* a query had no answer in time; until the next attempt */
	char fault_state[6]; /* and its SQLSTATE; "": none */
	bool may_take_long;  /* the running query, longer than CONN_STALL_MS */
	/* why it is to be dropped when the running query has ended; NULL: it is not */
	const char *leaving;
	int piped;   /* queries of the running one's pipeline that have not ended; 0: it is none */
	bool unread; /* rows are waiting in libpq's buffer */
	int pause_ms;
	int stall_ms;    /* of the running query */
	int patience_ms; /* the most that may be; grows while queries stall */
	int64_t up_ms;   /* when it came up */
	struct complaints complaints;
	struct hosts hosts;
	layer_pending_fn *ssl_pending;
	struct watch watch;
	struct timer retry; /* next attempt, or end of this one, or of a stalled query */
	struct timer more;  /* go on with unread rows, or with what TLS holds back, next turn */
};

void conn_init(struct conn *c, struct loop *loop, const char *conninfo, const char *name,
	       const struct conn_calls *calls);
/* Of several servers it tries first the one that `guide`, of the same conninfo, is connected to.
 * bound: that one alone, while it is: what is found out there is said of the guide's session. */
void conn_go_with(struct conn *c, const struct conn *guide, bool bound);
void conn_start(struct conn *c);
void conn_stop(struct conn *c); /* closes without a callback; may be started again */

/* A statement to be used by conn_run: prepares it (a query of its own, done follows). */
void conn_prepare(struct conn *c, const char *statement, const char *sql);
/* Runs a prepared statement; params are text; results come row by row in binary. */
void conn_run(struct conn *c, const char *statement, int count, const char *const *params,
	      int stall_ms);
/* Runs SQL of several statements without parameters; results come in text. */
void conn_script(struct conn *c, const char *sql);

/* Nothing runs, and the next query may. */
MUST_CHECK bool conn_is_free(const struct conn *c);

/* As conn_drop, but not in the middle of a query. */
void conn_leave(struct conn *c, const char *why);

/* Is what failed last, a query that has ended not ok, a fault of what was read: of its length or
 * its bytes, or a damaged page? Else it is one of the connection, the schema or the moment. */
MUST_CHECK bool conn_read_in_vain(const struct conn *c);

/* Ends a connection that is up, calls `lost`, and makes a new one after a pause; or an attempt to
 * make it (`refused`). why: for the log. */
void conn_drop(struct conn *c, const char *why);

#endif
