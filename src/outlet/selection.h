/* SPDX-License-Identifier: PostgreSQL */
/*
 * selection.h: the streams of one open connection: one by its own path, or several (multi.h), which
 * count from 0 in the order of the subscriber's parts. Owns all but the streams.
 */
#ifndef OUTLET_SELECTION_H
#define OUTLET_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/wanted.h"

#define SELECTION_MULTI_PATH "/stream/multi"

struct selected {
	struct wanted wanted; /* what may be seen of it, and is asked for */
	char *params;         /* of path and query (params_json.h) */
};

struct selection {
	bool multi; /* asked for by SELECTION_MULTI_PATH, whatever the count */
	size_t count;
	struct facet *facets;    /* of items */
	struct selected items[]; /* as many as count */
};

struct selection *selection_new(size_t count, bool multi); /* of nothing yet */

/* Takes wanted and params over; *wanted is empty then. */
void selection_set(struct selection *s, size_t i, struct stream *stream, struct wanted *wanted,
		   char *params);
void selection_free(struct selection *s);

/* What the request's path was defined as, for log and metrics. */
const char *selection_path(const struct selection *s);
bool selection_needs_claims(const struct selection *s); /* as stream_def_needs_claims, of any */
/* of what the server says by itself: named, unless all are of format message */
enum frame_format selection_format(const struct selection *s);
void selection_forget_wanted(struct selection *s); /* the subscriber has it by now */

#endif
