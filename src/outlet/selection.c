/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define NO_PARAMS "{}"

struct selection *selection_new(size_t count, bool multi)
{
	struct selection *s =
		xcalloc(1, sizeof(*s) + count * (sizeof(*s->items) + sizeof(*s->facets)));

	s->multi = multi;
	s->count = count;
	s->facets = (struct facet *)(void *)&s->items[count];
	s->wanted = xcalloc(count, sizeof(*s->wanted));
	return s;
}

void selection_set(struct selection *s, size_t i, struct stream *stream, struct wanted wanted,
		   struct selected item)
{
	if (item.params != NULL && strcmp(item.params, NO_PARAMS) == 0) {
		free(item.params);
		item.params = NULL;
	}
	s->items[i] = item;
	s->wanted[i] = wanted;
	s->facets[i] = (struct facet){stream, &s->wanted[i]};
}

const char *selection_params(const struct selection *s, size_t i)
{
	return s->items[i].params == NULL ? NO_PARAMS : s->items[i].params;
}

void selection_free(struct selection *s)
{
	if (s == NULL)
		return;
	selection_forget_wanted(s);
	for (size_t i = 0; i < s->count; i++) {
		free(s->items[i].params);
		free(s->items[i].listed);
		free(s->items[i].typed);
	}
	free(s);
}

const char *selection_path(const struct selection *s)
{
	return s->multi ? SELECTION_MULTI_PATH : s->facets[0].stream->def.path;
}

bool selection_needs_claims(const struct selection *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (stream_def_needs_claims(&s->facets[i].stream->def))
			return true;
	return false;
}

enum frame_format selection_format(const struct selection *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->facets[i].stream->def.format != FRAME_MESSAGE)
			return FRAME_NAMED;
	return FRAME_MESSAGE;
}

void selection_forget_wanted(struct selection *s)
{
	if (s->wanted == NULL)
		return;
	for (size_t i = 0; i < s->count; i++) {
		wanted_release(&s->wanted[i]);
		s->facets[i].wanted = NULL;
	}
	free(s->wanted);
	s->wanted = NULL;
}
