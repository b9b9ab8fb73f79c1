/* SPDX-License-Identifier: PostgreSQL */
/*
 * wanted.h: what one subscriber may see: for each key of its stream's match the values, as audience keys
 * ("user_id=7"). All keys must be met, each by any of its values. Owns its strings.
 */
#ifndef HUB_WANTED_H
#define HUB_WANTED_H

#include "base/buf.h"
#include "hub/stream.h"

#define WANTED_VALUES_MAX 1000 /* routing keys of one subscriber: a list longer than this is refused */

struct wanted_key {
	char **values;
	size_t count;
};

struct wanted {
	struct wanted_key keys[STREAM_MATCH_MAX];
	size_t count; /* as the stream's match_count */
};

void wanted_add(struct wanted *w, size_t key, const char *name, const char *value, size_t value_len);
void wanted_release(struct wanted *w);

/* The routing keys of the stream that this makes; returns how many. */
uint32_t wanted_append_keys(const struct wanted *w, const struct stream *s, struct buf *out);

/* How many routing keys it makes. */
size_t wanted_combinations(const struct wanted *w);

#endif
