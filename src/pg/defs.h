/* SPDX-License-Identifier: PostgreSQL */
/*
 * defs.h: the rows of herald.streams and herald.actions as definitions.
 *
 * They are collected until all of them have come. struct defs owns them until a caller takes them.
 */
#ifndef PG_DEFS_H
#define PG_DEFS_H

#include <libpq-fe.h>

#include "hub/action.h"
#include "hub/stream.h"

/* One row for each stream, in the order of path. */
#define DEFS_SQL                                                                                   \
	"SELECT path, topics, events, ARRAY(SELECT k FROM jsonb_object_keys(match) k ORDER BY k)," \
	" ARRAY(SELECT m.value FROM jsonb_each_text(match) m ORDER BY m.key), require::text, "     \
	"format, anonymous, authorize, sealed, snapshot, herald.compares(s)"                       \
	" FROM herald.streams s ORDER BY path"

#define DEFS_ACTIONS_SQL \
	"SELECT method, path, require::text FROM herald.actions ORDER BY method, path"

/* Owned, except what a caller has taken over and emptied. */
struct defs {
	struct stream_def *items;
	size_t count;
	struct action_def *actions;
	size_t action_count;
};

void defs_take(struct defs *d, const PGresult *res);        /* one row of DEFS_SQL, in binary */
void defs_take_action(struct defs *d, const PGresult *res); /* one row of DEFS_ACTIONS_SQL */
void defs_release(struct defs *d);                          /* it is empty again */

#endif
