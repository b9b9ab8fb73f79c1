/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain.h: does this subscriber get this change, and what decides it? There is a file for each
 * part of the way, in the gate's order:
 *
 * - the stream
 * - the subject, which is the subscriber
 * - what it may have
 * - the change
 *
 * Each file adds to the report what it finds. Nothing is decided here. The same code decides as in
 * the daemon. It is catalog_find, herald.entitled and herald.is_for, and the headers token.h,
 * revocations.h and entitlement.h.
 */
#ifndef CMD_EXPLAIN_H
#define CMD_EXPLAIN_H

#include <libpq-fe.h>

#include "hub/cursor.h"
#include "hub/catalog.h"
#include "hub/wanted.h"
#include "auth/identity.h"
#include "http/pathquery.h"
#include "gate/actions.h"
#include "cmd/report.h"
#include "cli.h"
#include "config.h"
#include "exit.h"

struct explain {
	struct report report;
	const struct config *config;
	PGconn *pg;
	struct pathquery target;
	struct cursor change;   /* tick is 0 if it was not given */
	struct catalog catalog; /* the streams that there are */
	struct actions actions;
	const struct stream *stream; /* NULL if none has the path */
	struct params params;        /* of path and query; borrowed from target and stream */
	struct identity identity;
	/* identity says who the subscriber is; an anonymous stream asks for none */
	bool known;
	struct wanted wanted; /* what it may see */
	bool has_keys;        /* wanted is known, and has a value for each key of the match */
	bool misfit;          /* the schema is not this program's */
};

/*
 * The rows of one statement, as text. NULL if it failed, and stderr says why. The caller clears the
 * result.
 */
PGresult *explain_query(struct explain *e, const char *sql, int count, const char *const *params);

/*
 * Reads which streams there are, and finds the one that is meant. It comes before all others. False
 * if the database could not be asked, here and below.
 */
MUST_CHECK bool explain_find_stream(struct explain *e);
void explain_stream(struct explain *e);
/* `token` and `claims` may both be NULL. */
MUST_CHECK bool explain_subject(struct explain *e, const char *token, const char *claims);
MUST_CHECK bool explain_rights(struct explain *e);
MUST_CHECK bool explain_change(struct explain *e);
/* For explain_change: `about` is what herald.explain_change has said. */
MUST_CHECK bool explain_verdict(struct explain *e, struct json_object *about);
/* A member of that, as text. NULL if there is none. `about` owns it. */
const char *explain_text(struct json_object *about, const char *name);
/*
 * Appends texts of a JSON array that begin with `prefix`, without the prefix. These are the first
 * few, and how many there are.
 */
void explain_append_values(struct buf *out, struct json_object *array, const char *prefix);

/*
 * Says whether the last change of a row made an event, and why not. `text` is "TABLE:KEY". Returns
 * the exit status. If it is not EXIT_DONE, stderr says why.
 */
int explain_row(struct explain *e, const char *text);

#endif
