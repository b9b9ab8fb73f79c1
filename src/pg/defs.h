/* SPDX-License-Identifier: PostgreSQL */
/*
 * defs.h: the rows of herald.streams as definitions, collected until all of them have come.
 */
#ifndef PG_DEFS_H
#define PG_DEFS_H

#include <libpq-fe.h>

#include "hub/stream.h"

/* One row a stream, in the order of its path. */
#define DEFS_SQL                                                                                               \
	"SELECT path, topics, events, ARRAY(SELECT k FROM jsonb_object_keys(match) k ORDER BY k),"             \
	" ARRAY(SELECT m.value FROM jsonb_each_text(match) m ORDER BY m.key), require::text, format, anonymous, authorize" \
	" FROM herald.streams ORDER BY path"

struct defs {
	struct stream_def *items; /* owned, unless whoever took them has emptied them */
	size_t count;
};

void defs_take(struct defs *d, const PGresult *res); /* one row of DEFS_SQL, in binary */
void defs_release(struct defs *d);                   /* empty again */

#endif
