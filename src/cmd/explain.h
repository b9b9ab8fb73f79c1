/* SPDX-License-Identifier: PostgreSQL */
/*
 * explain.h: does this subscriber get this change, and what decides it? A file for each part of the
 * way, in the gate's order: the stream, who asks, what it may have, the change. Each says what it
 * finds to the report. What decides is what decides in the daemon: router_find, token.h,
 * revocations.h, entitlement.h, herald.entitled, herald.is_for; nothing is decided here.
 */
#ifndef CMD_EXPLAIN_H
#define CMD_EXPLAIN_H

#include <libpq-fe.h>

#include "hub/cursor.h"
#include "hub/router.h"
#include "hub/wanted.h"
#include "auth/identity.h"
#include "http/pathquery.h"
#include "gate/actions.h"
#include "cmd/report.h"
#include "config.h"

struct explain {
	struct report report;
	const struct config *config;
	PGconn *pg;
	struct pathquery target;
	struct cursor change; /* tick 0: not given */
	struct router router; /* the streams that there are */
	struct actions actions;
	const struct stream *stream; /* NULL: none has the path */
	struct params params;        /* of path and query; borrowed from target and stream */
	struct identity identity;
	/* identity says who asks; of an anonymous stream: nobody is asked */
	bool known;
	struct wanted wanted; /* what it may see */
	bool has_keys;        /* wanted has a value for each key of the match */
	bool misfit;          /* the schema is not this program's */
};

/* Rows of one statement, as text; NULL: it failed, and that has been said on stderr. The caller
 * clears. */
PGresult *explain_query(struct explain *e, const char *sql, int count, const char *const *params);

/* Each false: the database could not be asked. */
/* before all else: what there is, and which one is meant */
MUST_CHECK bool explain_find_stream(struct explain *e);
void explain_stream(struct explain *e);
/* either may be NULL */
MUST_CHECK bool explain_subject(struct explain *e, const char *token, const char *claims);
MUST_CHECK bool explain_rights(struct explain *e);
MUST_CHECK bool explain_change(struct explain *e);

#endif
