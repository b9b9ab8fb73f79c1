/* SPDX-License-Identifier: PostgreSQL */
/*
 * subscriber.h: one open stream, seen from the hub: a position. There is no queue for each subscriber; what it has
 * not been sent yet is found again from its position on in the entries of its stream.
 *
 *   WAITING   joined, but not given live events yet (it is being sent older ones)
 *   LIVE      caught up: the router touches it when an event is for it
 *   pending   LIVE, and entries from position on are still to be looked at
 *
 * Embedded in its owner (the outlet), who lets it leave before freeing it. No socket here: gather says what to send,
 * advance how much of it went.
 */
#ifndef HUB_SUBSCRIBER_H
#define HUB_SUBSCRIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/list.h"
#include "hub/stream.h"

struct subscriber;

/* One routing key that a subscriber may see. */
struct seat {
	struct list link; /* of the audience */
	struct audience *audience;
	struct subscriber *subscriber;
	uint64_t hash;
};

struct subscriber {
	struct stream *stream; /* NULL: has left */
	struct list link;      /* of the stream's subscribers */
	struct list touched;   /* of the router: has something to be sent */
	struct seat *seats;    /* owned */
	size_t seat_count;
	struct cursor after; /* events up to this have been sent by other means */
	uint64_t position;   /* while pending: number of the next entry to look at */
	uint32_t skip;       /* bytes of that entry's frame that have gone already */
	bool live, pending;
	bool bare; /* without chunks around the frames: HTTP/1.0, and what is no stream */
	enum frame_form form; /* of what it is sent */
};

/* keys: count routing keys as stream_append_keys writes them. WAITING afterwards. */
void subscriber_join(struct subscriber *sub, struct stream *stream, struct hash_key hash_key, const char *keys,
		     uint32_t count);
void subscriber_leave(struct subscriber *sub); /* harmless twice */

/* Are these its routing keys, no more and no fewer? */
bool subscriber_has_keys(const struct subscriber *sub, const char *keys, uint32_t count);

/* LIVE from now on: all behind `after` is to be sent. True when there already is something. */
bool subscriber_go_live(struct subscriber *sub, struct cursor after);

/* WAITING again: it is sent other things first, then goes live anew. No frame has been sent in part. */
void subscriber_wait(struct subscriber *sub);

/* Is this event for it? */
bool subscriber_may_see(const struct subscriber *sub, const struct sharedlog *log, const struct stream_entry *entry);

#define GATHER_MAX 64

/* What to send next, as pieces of the shared log. */
struct gather {
	struct iovec iov[GATHER_MAX];
	int count;
	size_t bytes;
	uint64_t until; /* entries before this have been looked at */
};

/* Looks at entries from position on until the gather is full, or the look has cost enough for one turn. */
void subscriber_gather(const struct subscriber *sub, const struct sharedlog *log, struct gather *ret_gather);

/* So many bytes of what was gathered have gone. Ends pending when nothing is left. */
void subscriber_advance(struct subscriber *sub, const struct sharedlog *log, const struct gather *g, size_t bytes);

/* Has the log forgotten an entry that this subscriber still had to look at? Then it cannot be continued. */
bool subscriber_fell_off(struct subscriber *sub, const struct sharedlog *log);

#endif
