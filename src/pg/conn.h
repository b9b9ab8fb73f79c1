/* SPDX-License-Identifier: PostgreSQL */
/*
 * conn.h: one connection to PostgreSQL that never blocks.
 *
 * It connects, runs one query at a time, and hands over rows as they arrive. It reconnects for
 * ever, with a pause that grows from CONN_PAUSE_MIN_MS to CONN_PAUSE_MAX_MS. If its owner has a
 * `refused` callback, an attempt that fails calls that and is not repeated.
 *
 * A query that makes no progress in its time ends the connection. The server may be frozen, or gone
 * without a word. All times are milliseconds.
 *
 * The struct is embedded in its owner. The callbacks `up` and `done` may send the next query or
 * drop the connection. `result` must not.
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

#define CONN_STALL_MS 10000 /* for a query that takes milliseconds */
/*
 * For a query that may have to sort a transaction of millions of rows before its first row. The
 * limit begins at CONN_STALL_MS and grows to this in steps. A server that no longer answers is more
 * likely than such a sort.
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
	/* It was up. The next attempt follows by itself. */
	void (*lost)(struct conn *c);
	/* One row, or the end of a command. Never an error. */
	void (*result)(struct conn *c, const PGresult *res);
	/* True if no more results are wanted in this turn. NULL means as many as usual. */
	bool (*enough)(const struct conn *c);
	/* The query has ended, and the connection is idle. If ok is false, the failure was logged,
	 * or counted (complaints.h). */
	void (*done)(struct conn *c, bool ok);
	/* NULL if it listens to nothing. */
	void (*notified)(struct conn *c, const char *channel, int backend_pid);
	/* An attempt has failed, and no other follows. The server refused it, or was silent, or
	 * there was none. `why` has all that libpq said. If the server refused, it contains the
	 * SQLSTATE. If this callback is NULL, the failure goes to the log and the next attempt
	 * follows. */
	void (*refused)(struct conn *c, const char *why);
};

/*
 * How statements run in a session that a pooler shares with others. Each is sent as text in a
 * transaction of its own. A statement before it makes settings for that transaction only. Those
 * after it take back what it has left. So nothing stays.
 */
struct conn_once {
	/* Sets the modes of the transaction and comes first, unless there is a transaction already.
	 * NULL if none are needed. */
	const char *modes;
	const char *before; /* its rows are dropped */
	/* Left out if there is a transaction already, whose owner ends it. NULL comes last. All of
	 * it is NULL if there are none. */
	const char *const *after;
	const char *(*sql)(const struct conn_once *once, const char *statement);
};

struct conn {
	struct loop *loop;
	const char *conninfo; /* borrowed; NULL or "" means libpq's own environment */
	const char *name;     /* application_name, borrowed */
	const struct conn_calls *calls;
	const struct conn *guide;     /* borrowed, or NULL; see conn_go_with */
	bool bound;                   /* to the guide's server */
	const struct conn_once *once; /* borrowed; NULL if statements are prepared */
	PGconn *pg;
	enum conn_state state;
	bool failed;         /* the running query has had an error */
	char fault[200];     /* the sentence of the last error */
	bool stalled;        /* a query had no answer in time; until the next attempt */
	char fault_state[6]; /* its SQLSTATE, or "" */
	bool may_take_long;  /* the running query may take longer than CONN_STALL_MS */
	/* Why it is to be dropped when the running query has ended. NULL if it is not. */
	const char *leaving;
	int piped;   /* queries of the running pipeline that have not ended; 0 without a pipeline */
	int behind;  /* how many of its queries come after the one that is asked for */
	bool unread; /* rows are waiting in libpq's buffer */
	int pause_ms;
	int stall_ms;    /* of the running query */
	int patience_ms; /* the most that stall_ms may be; grows while queries stall */
	int64_t up_ms;   /* when it came up */
	struct complaints complaints;
	struct hosts hosts;
	layer_pending_fn *ssl_pending;
	struct watch watch;
	/* Makes the next attempt, or ends this one or a query that stalls. */
	struct timer retry;
	/* Goes on in the next turn, with unread rows or with what TLS holds back. */
	struct timer more;
};

/* conninfo, name and calls are borrowed until conn_stop. */
void conn_init(struct conn *c, struct loop *loop, const char *conninfo, const char *name,
	       const struct conn_calls *calls);
/* Of several servers, the connection first tries the one that `guide` is connected to. The guide
 * has the same conninfo and is borrowed. If bound, it tries only that one while the guide is
 * connected. What such a connection finds out is said of the guide's session. */
void conn_go_with(struct conn *c, const struct conn *guide, bool bound);
/* Begins the first attempt. */
void conn_start(struct conn *c);
/* Closes without a callback. It may be started again. */
void conn_stop(struct conn *c);

/* Prepares a statement for conn_run. That is a query of its own, so `done` follows. */
void conn_prepare(struct conn *c, const char *statement, const char *sql);
/* Runs a prepared statement. params are count texts, or NULL for
 * SQL's NULL. Results come in binary, row by row. stall_ms is how long it may make no progress.
 * `done` follows. */
void conn_run(struct conn *c, const char *statement, int count, const char *const *params,
	      int stall_ms);
/* Runs SQL without parameters, which may be several statements. Results come in text. `done`
 * follows. */
void conn_script(struct conn *c, const char *sql);

/* True if it is up, no query runs, and the next one may be sent. */
MUST_CHECK bool conn_is_free(const struct conn *c);

/* As conn_drop, but if a query runs, only after it has ended. why is borrowed until then. */
void conn_leave(struct conn *c, const char *why);

/* Called after `done` with ok false. True if what was read is to blame, which is its length, its
 * bytes or a damaged page. Otherwise the connection, the schema or the moment is to blame. */
MUST_CHECK bool conn_read_in_vain(const struct conn *c);

/* Ends a connection that is up, calls `lost`, and makes a new one after a pause. It also ends an
 * attempt to connect, and then calls `refused` if there is one. why is for the log. */
void conn_drop(struct conn *c, const char *why);

#endif
