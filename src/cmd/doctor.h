/* SPDX-License-Identifier: PostgreSQL */
/*
 * doctor.h: does the whole path work, and what is to be done where it does not? A file for each
 * part of an event's way: the database, watched tables, streams, the log, the daemon. Changes no
 * row: it notifies itself, with a lock_timeout of its session for that, and a second connection
 * begins an empty transaction, which shows a pooler. Asks with the rights of the role it connects
 * as, and says what it could not see with them. Ends within DOCTOR_MS, whatever hangs but DNS
 * (bounded.h).
 */
#ifndef CMD_DOCTOR_H
#define CMD_DOCTOR_H

#include "cmd/bounded.h"
#include "cmd/report.h"
#include "config.h"

#define DOCTOR_MS 30000

struct doctor {
	struct report report;
	const struct config *config;
	struct bounded database;
	int64_t end_ms;   /* monotonic */
	bool usable;      /* the schema fits, and the role may use it */
	bool misfit;      /* it does not fit, or is not there */
	bool pooled;      /* the session is shared with others by a pooler */
	bool makes_ticks; /* a primary with a log of its own */
};

/*
 * A check that SQL makes. Its rows: the outcome as report.h prints it, about what, what is so, what
 * to do (NULL: nothing). No row: `fine` is said.
 */
struct doctor_check {
	const char *name;
	const char *sql;
	const char *fine;
};

/* param, here and below: the query's $1, NULL: it has none. */
void doctor_check(struct doctor *d, const struct doctor_check *check, const char *param);

/* The rows of one query; NULL: said to the report under this name. The caller clears. */
PGresult *doctor_ask(struct doctor *d, const char *name, const char *sql, const char *param);

/* A check that could not be made, for want of rights, of an answer, or of a connection: then this
 * is the last that is asked. */
void doctor_unseen(struct doctor *d, const char *name);

/* One line and, unless it is NULL, what to do. */
void doctor_say(struct doctor *d, enum report_outcome outcome, const char *check,
		const char *advice, const char *fmt, ...) PRINTF_LIKE(5, 6);

void doctor_database(struct doctor *d);
void doctor_tables(struct doctor *d);
void doctor_streams(struct doctor *d);
void doctor_log(struct doctor *d);
void doctor_life(struct doctor *d);
void doctor_daemon(struct doctor *d);

#endif
