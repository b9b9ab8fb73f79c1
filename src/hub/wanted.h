/* SPDX-License-Identifier: PostgreSQL */
/*
 * wanted.h: what one subscriber may see of a stream: for each key of the stream's match the values,
 * as audience keys
 * ("user_id=7"). All keys must be met, each by any of its values. And of that what it asks for,
 * where it names events. Owns its strings.
 */
#ifndef HUB_WANTED_H
#define HUB_WANTED_H

#include "base/buf.h"
#include "hub/stream.h"

/* routing keys of one subscriber: a list longer than this is refused */
#define WANTED_VALUES_MAX 1000

#define WANTED_NAMES_MAX 32

struct wanted_key {
	char **values;
	size_t count;
};

struct wanted {
	struct wanted_key keys[STREAM_MATCH_MAX];
	size_t count; /* as the stream's match_count */
	char **names; /* of events; NULL: all that the stream has */
	size_t name_count;
};

/* One stream of a connection, and what is wanted of it. Borrows both. */
struct facet {
	struct stream *stream;
	const struct wanted *wanted;
};

void wanted_add(struct wanted *w, size_t key, const char *name, const char *value,
		size_t value_len);
void wanted_release(struct wanted *w);

/* Only events of these names, joined by commas. Without a name it is as if nobody had asked. False:
 * more than WANTED_NAMES_MAX. */
MUST_CHECK bool wanted_narrow(struct wanted *w, struct text names);

/* The names that are left of the stream's own; false: all are. The caller frees the array, which
 * borrows them. */
bool wanted_left_names(const struct facet *facet, char ***ret_names, size_t *ret_count);

/* The routing keys of the stream that this makes; returns how many. */
uint32_t wanted_append_keys(const struct wanted *w, const struct stream *s, struct buf *out);

/* How many routing keys it makes. */
size_t wanted_combinations(const struct wanted *w);

#endif
