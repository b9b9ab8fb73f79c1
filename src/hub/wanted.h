/* SPDX-License-Identifier: PostgreSQL */
/*
 * wanted.h: what one subscriber may see of a stream, and what it asks for of that.
 *
 * For each key of the stream's match there are values, as audience keys ("user_id=7"). All keys
 * must be met, each by any of its values. A subscriber may also name the events that it asks for.
 * The struct owns its strings.
 */
#ifndef HUB_WANTED_H
#define HUB_WANTED_H

#include "base/buf.h"
#include "hub/stream.h"

/* Routing keys of one subscriber. A list longer than this is refused. */
#define WANTED_VALUES_MAX 10000

#define WANTED_NAMES_MAX 32

struct wanted_key {
	char **values;
	size_t count;
};

struct wanted {
	struct wanted_key keys[STREAM_MATCH_MAX];
	size_t count; /* as the stream's match_count */
	char **names; /* of events; NULL if all that the stream has */
	size_t name_count;
};

/* One stream of a connection, and what is wanted of it. Borrows both. */
struct facet {
	struct stream *stream;
	const struct wanted *wanted;
};

/* Adds "name=value" to the values of a key of the match. */
void wanted_add(struct wanted *w, size_t key, const char *name, const char *value,
		size_t value_len);
void wanted_release(struct wanted *w);

/* Asks only for events of these names, which are joined by commas. Without a name it is as if
 * nobody had asked. Returns false if there are more than WANTED_NAMES_MAX. */
MUST_CHECK bool wanted_narrow(struct wanted *w, struct text names);

/* Gives the names of the stream's own that are left. Returns false if all are. The caller frees the
 * array, which borrows them. */
bool wanted_left_names(const struct facet *facet, char ***ret_names, size_t *ret_count);

/* Appends the routing keys of the stream that this makes, and returns how many. They are no more
 * than WANTED_VALUES_MAX, because entitlement_decide has refused what makes more. */
uint32_t wanted_append_keys(const struct wanted *w, const struct stream *s, struct buf *out);

/* Returns how many routing keys it makes. More than WANTED_VALUES_MAX are not counted to the
 * end. */
size_t wanted_combinations(const struct wanted *w);

#endif
