/* SPDX-License-Identifier: PostgreSQL */
/*
 * doctor.h: does the whole path work, and if not, what is to be done? There is a file for each part
 * of an event's way, from the database to the daemon.
 *
 * The command changes no row. It notifies itself, and sets the lock_timeout of its session for
 * that. A second connection begins an empty transaction, which shows a pooler. The command asks
 * with the rights of the role that it connects as. It says what it could not see with them.
 *
 * The command ends within DOCTOR_MS, whatever hangs (bounded.h). Only a name in a listen address
 * can hold it longer, because libcurl waits for DNS.
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
	int64_t end_ms;   /* monotonic clock */
	bool usable;      /* the schema fits, and the role may use it */
	bool misfit;      /* the schema does not fit, or is not there */
	bool pooled;      /* a pooler lends the session to others too */
	bool makes_ticks; /* a primary with a log of its own */
};

/*
 * A check by SQL. Each row says:
 *
 * - the outcome, as report.h prints it
 * - about what it is, or NULL
 * - what was found
 * - what to do, or NULL if nothing
 *
 * If there is no row, `fine` is said.
 */
struct doctor_check {
	const char *name;
	const char *sql;
	const char *fine;
};

/* `param` is the $1 of the query, or NULL if it has none. The same is true below. */
void doctor_check(struct doctor *d, const struct doctor_check *check, const char *param);

/*
 * The rows of one query. NULL if it failed, and the report says so under this name. The caller
 * clears the result.
 */
PGresult *doctor_ask(struct doctor *d, const char *name, const char *sql, const char *param);

/*
 * Says that a check could not be made, for want of rights, of an answer, or of a connection. After
 * a lost connection nothing else is asked.
 */
void doctor_unseen(struct doctor *d, const char *name);

/* One line and, unless `advice` is NULL, what to do. */
void doctor_say(struct doctor *d, enum report_outcome outcome, const char *check,
		const char *advice, const char *fmt, ...) PRINTF_LIKE(5, 6);

/*
 * Each looks at one part of the way and adds to the report. doctor_database comes first. It
 * connects, and sets `usable`, `misfit`, `pooled` and `makes_ticks` for the others.
 */
void doctor_database(struct doctor *d);
void doctor_tables(struct doctor *d);
void doctor_streams(struct doctor *d);
void doctor_log(struct doctor *d);
void doctor_life(struct doctor *d);
void doctor_keys(struct doctor *d);
void doctor_daemon(struct doctor *d);

#endif
