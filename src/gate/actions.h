/* SPDX-License-Identifier: PostgreSQL */
/*
 * actions.h: the HTTP methods and paths that a function of the database serves.
 *
 * They are as herald.actions says. The gate owns this table, and the ticker fills it (action.h).
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

/* Defines these and no others. Takes over `defs`, an array from the heap, and its texts. */
void actions_define(struct actions *a, struct action_def *defs, size_t count);
void actions_release(struct actions *a);

/*
 * Returns the action of this method with the most literal segments for the path, or NULL. Its
 * parameters are appended to `params`. *ret_literals is how many segments are literal, or -1.
 */
const struct action_def *actions_find(const struct actions *a, const char *method, const char *path,
				      struct params *params, int *ret_literals);

/*
 * Returns the action that the request is for, or NULL. Its parameters are appended to `params`.
 *
 * A GET may go to the stream of this path instead. It does if the stream's path has at least as
 * many literal segments. stream_path is NULL if there is no stream.
 */
const struct action_def *actions_claim(const struct actions *a, const char *method,
				       const char *path, const char *stream_path,
				       struct params *params);

/*
 * Appends the methods that actions have for the path, each once. A comma and a blank stand between
 * them, and before the first if `out` is not empty.
 */
void actions_append_methods(const struct actions *a, const char *path, struct buf *out);

#endif
