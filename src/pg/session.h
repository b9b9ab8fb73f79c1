/* SPDX-License-Identifier: PostgreSQL */
/*
 * session.h: what a connection of the daemon says before it is used: its settings, whether the
 * database has the schema that this program needs, what it listens to, its prepared statements. One
 * query after the other; whoever owns the connection passes on what comes back until SESSION_READY.
 *
 * The log is read by index, in generic plans, whatever the statistics of the moment make the
 * planner think; and no setting of the role or the database may cut a read short. A session for the
 * application's own functions keeps to the settings that these are used to, and bounds their time.
 *
 * A session that a pooler shares with others (session_pool) has none of that: see conn_once. It
 * listens to nothing.
 *
 * A session that was given up because a query stalled may live on at the server, waiting for a
 * lock, say. The next one of the same connection says what it waited for, and ends it: else a lock
 * that is held for minutes would collect them. The server process of a session that turns out to be
 * a pool's is ended as well, with the settings and locks that it has of ours, but only when it is
 * idle: it may have somebody else's transaction.
 */
#ifndef PG_SESSION_H
#define PG_SESSION_H

#include "pg/conn.h"

/* First half of every advisory lock key ('hera'), and the second halves. */
#define SESSION_LOCK_CLASS "1751478881"
#define SESSION_LOCK_TICKER "1"
#define SESSION_LOCK_AWAKE "3"

#define SESSION_FUNCTION_MS 5000 /* for a function of the application */

struct session_plan {
	const struct session_statement {
		const char *name, *sql;
	} *statements;
	size_t count;
	int schema_version; /* that is needed; 0: it is not looked at */
	int idle_most_ms;   /* the server ends a session that says nothing for longer; 0: never */
	bool listens;       /* to the doorbell; on a hot standby that is impossible, and left out */
	bool applications;  /* it runs functions of the application, and reads no log */
};

enum session_step {
	SESSION_ELDER,
	SESSION_SETUP,
	SESSION_STANDBY,
	SESSION_LISTEN,
	SESSION_SCHEMA,
	SESSION_VERSION,
	SESSION_PREPARE,
	SESSION_READY,
};

struct session {
	struct conn *conn;
	struct session_plan plan;
	struct conn_once once; /* for a pooled one */
	/* what its transactions must say of themselves against defaults of the role or the
	 * database; "": nothing */
	char modes[80];
	bool pooled;
	enum session_step step;
	/* the server process, which a pooler does not tell the truth about; 0: none yet */
	int pid;
	char born[32]; /* when it began, for a number is given out again */
	struct session_elder {
		int pid; /* a process that is to be ended; 0: none */
		char born[32];
		bool busy; /* it was, when it was looked at last */
		int begun; /* so often it was taken up ... */
		int looks; /* ... and so often looked at since */
	} elder;
	size_t prepared;    /* statements so far */
	int schema_version; /* that was found; 0: none */
	bool standby;       /* the database is a hot one */
};

void session_init(struct session *s, struct conn *c, const struct session_plan *plan);
/* From the next connection on it is a pooled one. What the one before has left with the pool is
 * ended. */
void session_pool(struct session *s);

/* the connection is up; a pooled one that is idle may begin again */
void session_begin(struct session *s);
void session_lost(struct session *s);                        /* it is not any more */
void session_result(struct session *s, const PGresult *res); /* while it is not ready */
/* false: the schema is not this program's, or the encoding no one's */
MUST_CHECK bool session_fits(const struct session *s);
/* the database's, which does not become UTF-8; NULL: it does */
const char *session_bad_encoding(const struct session *s);
/* a step has gone well: the next one, or SESSION_READY */
void session_next(struct session *s);

#endif
