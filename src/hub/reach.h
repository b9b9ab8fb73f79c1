/* SPDX-License-Identifier: PostgreSQL */
/*
 * reach.h: finds the subscribers of an event that has very many, or very long, routing keys.
 *
 * An event may name thousands of users times thousands of roles. A record has no room for so many.
 * But only keys that somebody has a seat for count. So the keys of the stream's audiences are
 * looked up among the event's, not the other way. A subscriber that comes later, and asks for
 * earlier events, asks the database.
 *
 * A record also has the places of many keys, in the order of their hashes. So a subscriber finds
 * its own among them.
 */
#ifndef HUB_REACH_H
#define HUB_REACH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strmap.h"
#include "hub/stream.h"

#define REACH_INDEXED 16 /* more keys than this are found by their hash */

struct reach {
	struct strmap values; /* of the event, once somebody has asked */
};

void reach_init(struct reach *r);
void reach_forget(struct reach *r); /* drops the event's values; the next event has others */

/*
 * Appends the routing keys of the stream's audiences that these audience keys make. Writes them as
 * stream_append_keys does, and returns how many. audience is the same in every call up to
 * reach_forget.
 */
uint32_t reach_append_keys(struct reach *r, const struct stream *s, struct keys audience,
			   struct buf *out);

/* Where one of many keys is. number is its place among them all. at is its first byte, counted from
 * the first key on. */
struct reach_place {
	uint64_t hash;
	uint32_t number, at;
};

/* Appends the places of the count keys that begin at `keys` of out, in the order of their
 * hashes. */
void reach_append_places(struct hash_key hash_key, uint64_t keys, uint32_t count, struct buf *out);

/* Is this key among those with a number from first up to last, without last? places are as
 * appended, of count keys. */
bool reach_finds(const char *places, uint32_t count, const char *keys, uint64_t hash,
		 struct text key, uint32_t first, uint32_t last);

#endif
