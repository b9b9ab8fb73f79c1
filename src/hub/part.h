/* SPDX-License-Identifier: PostgreSQL */
/*
 * part.h: one stream of a subscriber: the seats that it has among the stream's audiences, what it
 * asks for of its events, and its position in them. It says of an event whether it is for it; a
 * subscriber of several streams asks all its parts (subscriber.h).
 */
#ifndef HUB_PART_H
#define HUB_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/list.h"
#include "hub/stream.h"

struct subscriber;

/* One routing key that may be seen. */
struct seat {
	struct list link; /* of the audience */
	struct audience *audience;
	struct part *part;
	uint64_t hash;
};

struct part {
	struct stream *stream;
	struct list link; /* of the stream's subscribers */
	struct subscriber *subscriber;
	struct seat *seats; /* owned */
	size_t seat_count;
	char **names; /* only events of these names; NULL: of all. Ends with a NULL; owned */
	/* while the subscriber is pending: number of the next entry to look at */
	uint64_t position;
};

/* keys: count routing keys as stream_append_keys writes them. */
void part_join(struct part *part, struct subscriber *sub, struct stream *stream,
	       struct hash_key hash_key, const char *keys, uint32_t count);
void part_narrow(struct part *part, char *const *names, size_t count); /* the names are copied */
void part_leave(struct part *part);

/* Are these its routing keys, no more and no fewer? */
bool part_has_keys(const struct part *part, const char *keys, uint32_t count);

/* Is the event for this part, whatever it, or another one, may have against it? Only where
 * part_glance says that it may be. */
bool part_is_for(const struct part *part, const struct sharedlog *log,
		 const struct stream_entry *entry);

/* The event says that a row was left: does this part see it still? */
bool part_sees_still(const struct part *part, const struct sharedlog *log,
		     const struct stream_entry *entry);

/* Most entries are of one key: their hash tells most of those that are for others at a glance.
 * True: it may be for this part. */
static inline bool part_glance(const struct part *part, const struct stream_entry *entry)
{
	bool met = entry->key_count != 1 || entry->everyone;

	for (size_t i = 0; i < part->seat_count && !met; i++)
		met = part->seats[i].hash == entry->hash;
	return met;
}

#endif
