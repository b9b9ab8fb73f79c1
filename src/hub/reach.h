/* SPDX-License-Identifier: PostgreSQL */
/*
 * reach.h: whom an event of very many, or very long, routing keys is for, of those who are there.
 * An event may name more keys than a record has room for, thousands of users times thousands of
 * roles; but only those count that somebody has a seat for. So the keys of the stream's audiences
 * are looked up among the event's, not the other way. Who comes later and asks for what was before
 * asks the database.
 *
 * Also the places of many keys in a record, in the order of their hashes, so that a subscriber
 * finds its own among them.
 */
#ifndef HUB_REACH_H
#define HUB_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strmap.h"
#include "hub/stream.h"

#define REACH_INDEXED 16 /* keys: more of them are found by their hash */

struct reach {
	struct strmap values; /* of the event, once somebody has asked */
};

void reach_init(struct reach *r);
void reach_forget(struct reach *r); /* the event's values; the next one has others */

/* Appends the routing keys of the stream's audiences that these audience keys make, as
 * stream_append_keys does; returns how many. The same audience keys in every call up to
 * reach_forget. */
uint32_t reach_append_keys(struct reach *r, const struct stream *s, struct keys audience,
			   struct buf *out);

/* Where one of many keys is: its number among them all, and its bytes from the first key on. */
struct reach_place {
	uint64_t hash;
	uint32_t number, at;
};

/* Appends the places of the count keys that begin at `keys` of out, in the order of their hashes.
 */
void reach_append_places(struct hash_key hash_key, uint64_t keys, uint32_t count, struct buf *out);

/* Is this key among those with a number from first up to last, without last? places: as appended,
 * of count keys. */
bool reach_finds(const char *places, uint32_t count, const char *keys, uint64_t hash,
		 struct text key, uint32_t first, uint32_t last);

#endif
