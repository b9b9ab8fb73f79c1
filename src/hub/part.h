/* SPDX-License-Identifier: PostgreSQL */
/*
 * part.h: one stream of a subscriber.
 *
 * A part has seats among the stream's audiences, and a position in the stream's entries. It has the
 * names of events that it asks for. It says whether an event is for it. A subscriber of several
 * streams asks all its parts (subscriber.h).
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

/* One routing key that the part may see. */
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
	struct seat *seats; /* owned; one for each key, in the order of their hashes */
	size_t seat_count;
	/* Only events of these names are wanted. NULL means all. The array is owned, and ends with
	 * a NULL. */
	char **names;
	/* While the subscriber is pending, this is the number of the next entry to look at. */
	uint64_t position;
};

/* keys are count routing keys, as stream_append_keys writes them. One that is there twice counts
 * once. */
void part_join(struct part *part, struct subscriber *sub, struct stream *stream,
	       struct hash_key hash_key, const char *keys, uint32_t count);
void part_narrow(struct part *part, char *const *names, size_t count); /* copies the names */
void part_leave(struct part *part);

/* Are these its routing keys, no more and no fewer? */
bool part_has_keys(const struct part *part, const char *keys, uint32_t count);

/* Is the event for this part, by its seats and names? This part, or another one, may still speak
 * against it (part_sees_still). part_glance is the cheap test to make first. */
bool part_is_for(const struct part *part, const struct sharedlog *log,
		 const struct stream_entry *entry);

/* The event says that a row was left. Does this part still see the row? */
bool part_sees_still(const struct part *part, const struct sharedlog *log,
		     const struct stream_entry *entry);

/* Up to so many seats are looked at one by one, which is faster than to search. */
#define PART_FEW 8

/* Returns the first seat whose hash is not less. It is seat_count if there is none. */
size_t part_find_hash(const struct part *part, uint64_t hash);

/* Most entries have one key, whose hash tells at a glance that most are for others. Returns true if
 * the entry may be for this part. */
static inline bool part_glance(const struct part *part, const struct stream_entry *entry)
{
	bool met = entry->key_count != 1 || entry->everyone;
	size_t at;

	if (part->seat_count > PART_FEW && !met) {
		at = part_find_hash(part, entry->hash);
		return at < part->seat_count && part->seats[at].hash == entry->hash;
	}
	for (size_t i = 0; i < part->seat_count && !met; i++)
		met = part->seats[i].hash == entry->hash;
	return met;
}

#endif
