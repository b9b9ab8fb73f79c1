/* SPDX-License-Identifier: PostgreSQL */
#include "gate/actions.h"

#include <stdlib.h>
#include <string.h>

void actions_release(struct actions *a)
{
	for (size_t i = 0; i < a->count; i++) {
		free(a->items[i].method);
		free(a->items[i].path);
		free(a->items[i].require);
	}
	free(a->items);
	*a = (struct actions){.items = NULL};
}

void actions_define(struct actions *a, struct action_def *defs, size_t count)
{
	actions_release(a);
	*a = (struct actions){defs, count};
}

const struct action_def *actions_find(const struct actions *a, const char *method, const char *path,
				      struct params *params, int *ret_literals)
{
	const struct action_def *best = NULL;
	struct params best_params = *params, tried;
	int literals;

	*ret_literals = -1;
	for (size_t i = 0; i < a->count; i++) {
		tried = *params;
		if (strcmp(a->items[i].method, method) != 0 ||
		    !params_take_path(&tried, a->items[i].path, path, &literals) ||
		    literals <= *ret_literals)
			continue;
		best = &a->items[i];
		best_params = tried;
		*ret_literals = literals;
	}
	*params = best_params;
	return best;
}

static int literals_of(const char *stream_path, const char *path)
{
	struct params params = {.count = 0};
	int literals = -1;

	return stream_path != NULL && params_take_path(&params, stream_path, path, &literals)
		       ? literals
		       : -1;
}

const struct action_def *actions_claim(const struct actions *a, const char *method,
				       const char *path, const char *stream_path,
				       struct params *params)
{
	int literals;
	const struct action_def *action = actions_find(a, method, path, params, &literals);

	return action != NULL && strcmp(method, "GET") == 0 &&
			       literals <= literals_of(stream_path, path)
		       ? NULL
		       : action;
}

static bool stands_before(const struct actions *a, size_t at, const char *path)
{
	int literals;

	for (size_t i = 0; i < at; i++) {
		struct params params = {.count = 0};

		if (strcmp(a->items[i].method, a->items[at].method) == 0 &&
		    params_take_path(&params, a->items[i].path, path, &literals))
			return true;
	}
	return false;
}

void actions_append_methods(const struct actions *a, const char *path, struct buf *out)
{
	int literals;

	for (size_t i = 0; i < a->count; i++) {
		struct params params = {.count = 0};

		if (!params_take_path(&params, a->items[i].path, path, &literals) ||
		    stands_before(a, i, path))
			continue;
		if (out->len > 0)
			buf_append_str(out, ", ");
		buf_append_str(out, a->items[i].method);
	}
}
