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
	for (size_t i = 0; i < w->name_count; i++)
		free(w->names[i]);
	free(w->names);
	*w = (struct wanted){0};
}

static const char *end_of_item(const char *list, const char *end)
{
	const char *comma = memchr(list, ',', (size_t)(end - list));

	return comma == NULL ? end : comma;
}

bool wanted_narrow(struct wanted *w, struct text names)
{
	const char *end = names.bytes + names.len;

	for (const char *name = names.bytes, *stop; name < end; name = stop + 1) {
		stop = end_of_item(name, end);
		if (stop == name)
			continue;
		if (w->name_count == WANTED_NAMES_MAX)
			return false;
		w->names = xrealloc(w->names, (w->name_count + 1) * sizeof(*w->names));
		w->names[w->name_count++] = xstrndup(name, (size_t)(stop - name));
	}
	return true;
}

bool wanted_left_names(const struct facet *facet, char ***ret_names, size_t *ret_count)
{
	const struct stream_def *def = &facet->stream->def;
	const struct wanted *w = facet->wanted;
	bool narrowed = w->name_count > 0;
	size_t most = narrowed ? w->name_count : def->event_count;
	char *const *from = narrowed ? w->names : def->events;

	*ret_count = 0;
	*ret_names = NULL;
	if (!narrowed && def->events == NULL)
		return false;
	*ret_names = xcalloc(most + 1, sizeof(**ret_names));
	for (size_t i = 0; i < most; i++)
		if (stream_carries(facet->stream, text_of(from[i])))
			(*ret_names)[(*ret_count)++] = from[i];
	return true;
}

/* Makes every combination of values from level on. There are at most STREAM_MATCH_MAX levels. */
static uint32_t append_from(const struct wanted *w, const struct stream *s, size_t level,
			    struct text *chosen, struct buf *out)
{
	uint32_t made = 0;

	if (level == w->count) {
		stream_append_key(s, chosen, out);
		return 1;
	}
	for (size_t i = 0; i < w->keys[level].count; i++) {
		chosen[level] = text_of(w->keys[level].values[i]);
		made += append_from(w, s, level + 1, chosen, out);
	}
	return made;
}

uint32_t wanted_append_keys(const struct wanted *w, const struct stream *s, struct buf *out)
{
	struct text chosen[STREAM_MATCH_MAX] = {{NULL, 0}};

	return append_from(w, s, 0, chosen, out);
}

size_t wanted_combinations(const struct wanted *w)
{
	size_t n = 1;

	for (size_t k = 0; k < w->count; k++)
		n = n > WANTED_VALUES_MAX ? n : n * w->keys[k].count;
	return n;
}
