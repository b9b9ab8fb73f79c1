/* SPDX-License-Identifier: PostgreSQL */
#include "hub/params.h"

#include <string.h>

const struct text *params_find(const struct params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (text_is(params->items[i].name, name))
			return &params->items[i].value;
	return NULL;
}

bool params_take_path(struct params *params, const char *pattern, const char *path, int *ret_literals)
{
	*ret_literals = 0;
	while (*pattern == '/' && *path == '/') {
		size_t want = strcspn(++pattern, "/"), have = strcspn(++path, "/");

		if (*pattern == ':') {
			if (have == 0 || params->count == PARAMS_MAX)
				return false;
			params->items[params->count++] =
				(struct param){{pattern + 1, want - 1}, {path, have}};
		} else if (want != have || memcmp(pattern, path, want) != 0) {
			return false;
		} else {
			++*ret_literals;
		}
		pattern += want;
		path += have;
	}
	return *pattern == '\0' && *path == '\0';
}
