/* SPDX-License-Identifier: PostgreSQL */
#include "hub/wanted.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void wanted_add(struct wanted *w, size_t key, const char *name, const char *value, size_t value_len)
{
	struct wanted_key *k = &w->keys[key];

	k->values = xrealloc(k->values, (k->count + 1) * sizeof(*k->values));
	k->values[k->count++] = xasprintf("%s=%.*s", name, (int)value_len, value);
}

void wanted_release(struct wanted *w)
{
	for (size_t k = 0; k < STREAM_MATCH_MAX; k++) {
		for (size_t i = 0; i < w->keys[k].count; i++)
			free(w->keys[k].values[i]);
		free(w->keys[k].values);
	}
	*w = (struct wanted){0};
}

uint32_t wanted_append_keys(const struct wanted *w, const struct stream *s, struct buf *out)
{
	struct text *items;
	size_t count = 0;
	uint32_t made;

	for (size_t k = 0; k < w->count; k++)
		count += w->keys[k].count;
	items = xcalloc(count + 1, sizeof(*items));
	count = 0;
	for (size_t k = 0; k < w->count; k++)
		for (size_t i = 0; i < w->keys[k].count; i++)
			items[count++] = frame_text(w->keys[k].values[i]);
	made = stream_append_keys(s, (struct keys){items, count}, out);
	free(items);
	return made;
}

size_t wanted_combinations(const struct wanted *w)
{
	size_t n = 1;

	for (size_t k = 0; k < w->count; k++)
		n = n > WANTED_VALUES_MAX ? n : n * w->keys[k].count;
	return n;
}
