/* SPDX-License-Identifier: PostgreSQL */
/*
 * selection.h: the streams of one open connection.
 *
 * There is one, asked for by its own path, or several (multi.h). They count from 0 in the order of
 * the subscriber's parts. A selection owns all but the streams.
 */
#ifndef OUTLET_SELECTION_H
#define OUTLET_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/wanted.h"

#define SELECTION_MULTI_PATH "/stream/multi"

struct selected {
	/* The parameters of path and query (params_json.h). NULL if there are none: most
	 * connections have none, and there are many of them. */
	char *params;
	/* What the database has said (struct entitlement_said). NULL: nothing. */
	char *listed, *typed;
};

struct selection {
	bool multi; /* asked for by SELECTION_MULTI_PATH, even if it is one */
	size_t count;
	struct wanted *wanted;   /* what may be seen of each; NULL once it is forgotten */
	struct facet *facets;    /* of items; they come after them */
	struct selected items[]; /* as many as count */
};

/* Makes a selection in which nothing is set yet. The owner frees it with selection_free. */
struct selection *selection_new(size_t count, bool multi);

/* Sets item i, and takes over what it has and what may be seen of it. The stream is borrowed. */
void selection_set(struct selection *s, size_t i, struct stream *stream, struct wanted wanted,
		   struct selected item);
/* Returns the parameters of item i as JSON. */
const char *selection_params(const struct selection *s, size_t i);
void selection_free(struct selection *s);

/* Returns the path of the stream's definition, or SELECTION_MULTI_PATH. For log and metrics. */
const char *selection_path(const struct selection *s);
/* As stream_def_needs_claims, for any of them. */
bool selection_needs_claims(const struct selection *s);
/*
 * The format of what the server says by itself. It is named unless all streams are of format
 * message.
 */
enum frame_format selection_format(const struct selection *s);
/* Releases what may be seen of each, because the subscriber has it by now. */
void selection_forget_wanted(struct selection *s);

#endif
