/* SPDX-License-Identifier: PostgreSQL */
#include "hub/params.h"

#include <string.h>

#include "base/utf8.h"

const struct text *params_find(const struct params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (text_is(params->items[i].name, name))
			return &params->items[i].value;
	return NULL;
}

const struct text *params_find_asked(const struct params *params, const char *name)
{
	for (size_t i = 0; i < params->count; i++)
		if (!params->items[i].of_path && text_is(params->items[i].name, name))
			return &params->items[i].value;
	return NULL;
}

bool params_add(struct params *params, const struct params *more)
{
	if (more->count > PARAMS_MAX - params->count)
		return false;
	memcpy(&params->items[params->count], more->items, more->count * sizeof(*more->items));
	params->count += more->count;
	return true;
}

void params_join(struct params *params, const char *name, struct buf *storage)
{
	struct param *first = NULL;
	size_t kept = 0, from = storage->len;
	bool several = false;

	for (size_t i = 0; i < params->count; i++) {
		struct param *p = &params->items[i];
		bool joins = text_is(p->name, name);

		if (joins) {
			if (first != NULL)
				buf_append_char(storage, ',');
			buf_append(storage, p->value.bytes, p->value.len);
			several = several || first != NULL;
		}
		if (joins && first != NULL)
			continue;
		params->items[kept] = *p;
		if (joins)
			first = &params->items[kept];
		kept++;
	}
	params->count = kept;
	if (several)
		first->value = (struct text){storage->data + from, storage->len - from};
}

bool params_take_path(struct params *params, const char *pattern, const char *path,
		      int *ret_literals)
{
	*ret_literals = 0;
	while (*pattern == '/' && *path == '/') {
		size_t want = strcspn(++pattern, "/"), have = strcspn(++path, "/");

		if (*pattern == ':') {
			if (have == 0 || params->count == PARAMS_MAX)
				return false;
			params->items[params->count++] =
				(struct param){{pattern + 1, want - 1}, {path, have}, true};
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

bool params_are_utf8(const struct params *params)
{
	for (size_t i = 0; i < params->count; i++) {
		const struct param *p = &params->items[i];

		if (!utf8_is(p->name.bytes, p->name.len) || !utf8_is(p->value.bytes, p->value.len))
			return false;
	}
	return true;
}
