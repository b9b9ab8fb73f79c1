/* SPDX-License-Identifier: PostgreSQL */
/*
 * actions.h: which HTTP methods and paths are served by a function of the database, as
 * herald.actions says.
 */
#ifndef GATE_ACTIONS_H
#define GATE_ACTIONS_H

#include <stdbool.h>

#include "base/buf.h"
#include "hub/action.h"
#include "hub/params.h"

struct actions {
	struct action_def *items; /* owned */
	size_t count;
};

/* these and no others; takes them over */
void actions_define(struct actions *a, struct action_def *defs, size_t count);
void actions_release(struct actions *a);

/* The action with the most literal segments that this method has for the path, NULL: none; its
 * parameters are appended, and its literal segments counted. */
const struct action_def *actions_find(const struct actions *a, const char *method, const char *path,
				      struct params *params, int *ret_literals);

/*
 * The action that has the request, NULL: none: with GET the stream of this path (NULL: there is
 * none) has it instead where its path says at least as exactly that it is meant. Parameters are
 * appended.
 */
const struct action_def *actions_claim(const struct actions *a, const char *method,
				       const char *path, const char *stream_path,
				       struct params *params);

/* Appends the methods that the path has, each behind a comma and a blank unless out is empty. */
void actions_append_methods(const struct actions *a, const char *path, struct buf *out);

#endif
