/* SPDX-License-Identifier: PostgreSQL */
/*
 * session.h: what a connection of the daemon says before it is used.
 *
 * One query follows the other:
 * - its settings;
 * - whether the database has a schema that fits this program;
 * - what it listens to;
 * - its prepared statements.
 *
 * The owner of the connection owns the session. It passes on what comes back until SESSION_READY.
 *
 * The log is read by index, in generic plans, whatever the planner thinks of the statistics of the
 * moment. No setting of the role or the database may cut a read short. A session for functions of
 * the application keeps the settings that these are used to. It bounds their time.
 *
 * Such a function may leave something in the session, such as a setting or a temporary table. It
 * must not meet the next user's. So the owner says session_soil before the statement that runs it,
 * and session_clean after.
 *
 * A session that a pooler shares with others (session_pool) has none of that. See conn_once. It
 * listens to nothing.
 *
 * A session that was given up because a query stalled may live on at the server. It may wait for a
 * lock. The next session of the same connection logs what it waited for, and ends it. Otherwise a
 * lock that is held for minutes would collect such sessions.
 *
 * A session may turn out to be a pool's. Its server process has settings and locks of ours, so it
 * is ended as well. That is done only when it is idle, because it may have somebody else's
 * transaction.
 */
#ifndef PG_SESSION_H
#define PG_SESSION_H

#include "pg/conn.h"
#include "pg/schema.h"

/* The first half of every advisory lock key ('hera'), and the second halves. */
#define SESSION_LOCK_CLASS "1751478881"
#define SESSION_LOCK_TICKER "1"
#define SESSION_LOCK_AWAKE "3"
#define SESSION_LOCK_LISTENS "5" /* shared by all that listen (ring.sql) */

#define SESSION_FUNCTION_MS 5000 /* for a function of the application */

struct session_plan {
	const struct session_statement {
		const char *name, *sql;
	} *statements;
	size_t count;
	int schema_version; /* that is needed; 0 if it is not looked at */
	int idle_most_ms;   /* the server ends a session that is silent for longer; 0 for never */
	bool listens;       /* to the doorbell; left out on a hot standby, which cannot */
	bool applications;  /* it runs functions of the application, and reads no log */
};

enum session_step {
	SESSION_ELDER,
	SESSION_SETUP,
	SESSION_STANDBY,
	SESSION_LISTEN,
	SESSION_SCHEMA,
	SESSION_VERSION,
	SESSION_CLEAN,  /* left out at the beginning; see session_clean */
	SESSION_FORGET, /* only if other statements are prepared than ours */
	SESSION_PREPARE,
	SESSION_READY,
};

struct session {
	struct conn *conn;
	struct session_plan plan;
	struct conn_once once; /* for a pooled one */
	const char *after[6];  /* of once, and its text for the name */
	char named[60];
	/* What its transactions must set against defaults of the role or the database. "" if
	 * nothing. */
	char modes[80];
	bool pooled;
	bool soiled;  /* see session_soil */
	bool strange; /* a prepared statement was left, or one of ours taken away */
	enum session_step step;
	/* The server process, as SQL tells it. A pooler may tell libpq another number. 0 if it is
	 * not known yet. */
	int pid;
	char born[32]; /* when the process began, because its number is given out again */
	struct session_elder {
		int pid; /* a process that is to be ended; 0 if there is none */
		char born[32];
		bool busy; /* at the last look */
		int begun; /* how often it was taken up */
		int looks; /* how often it was looked at since */
	} elder;
	size_t prepared;              /* statements so far */
	struct schema_version schema; /* that was found */
	char rest[120]; /* SQL of the settings that not every server takes; see settings.h */
	bool standby;   /* the database is a hot standby */
};

/* c is borrowed. plan is copied, but not its statements. */
void session_init(struct session *s, struct conn *c, const struct session_plan *plan);
/* From the next connection on, the session is a pooled one. What the session before it has left
 * with the pool is ended. */
void session_pool(struct session *s);

/* The connection is up. A pooled session that is idle may begin again. */
void session_begin(struct session *s);
void session_lost(struct session *s);                        /* the connection is lost */
void session_result(struct session *s, const PGresult *res); /* before SESSION_READY */
/* False if the schema does not fit this program, or if the encoding does not become UTF-8. */
MUST_CHECK bool session_fits(const struct session *s);
/* The database's encoding if it does not become UTF-8. NULL if it does. */
const char *session_bad_encoding(const struct session *s);
/* A step has succeeded. Goes on with the next one, or to SESSION_READY. */
void session_next(struct session *s);

/* The next statement runs a function of the application. Until session_clean, the session is for no
 * other statement than those of the same user. */
void session_soil(struct session *s);
/* The statement has ended, and so has its transaction. Takes back what was left, which is a step.
 * In a pooled session that has been done in the same transaction. If nothing is to be done, or if
 * the connection is to end, it does nothing. */
void session_clean(struct session *s);

#endif
