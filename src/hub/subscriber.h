/* SPDX-License-Identifier: PostgreSQL */
/*
 * subscriber.h: one open connection, seen from the hub: a position. There is no queue for each
 * subscriber; what it has not been sent yet is found again from its position on in the entries of
 * its stream.
 *
 *   WAITING   joined, but not given live events yet (it is being sent older ones)
 *   LIVE      caught up: the router touches it when an event is for it
 *   pending   LIVE, and entries from position on are still to be looked at
 *
 * It has a part for each stream that it has joined: one, or several in one connection. Their
 * entries are merged by cursor. Those of one cursor are one event, which all parts judge together:
 * it is sent once, and `left` only where no part sees the row still.
 *
 * Embedded in its owner (the outlet), who lets it leave before freeing it. No socket here: gather
 * says what to send, advance how much of it went.
 */
#ifndef HUB_SUBSCRIBER_H
#define HUB_SUBSCRIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/list.h"
#include "hub/part.h"

#define SUBSCRIBER_PARTS_MAX 16

struct subscriber {
	/* of the first part, which speaks for all where one has to; NULL: has left */
	struct stream *stream;
	struct part one, *parts; /* parts: the one, or several, which are owned */
	size_t part_count;
	struct list touched; /* of the router: has something to be sent */
	/* events behind this name it, also where they name only who is there */
	struct cursor joined;
	struct cursor after; /* events up to this have been sent by other means */
	uint32_t skip;       /* bytes of the next event's frame that have gone already */
	bool live, pending;
	bool bare; /* without chunks around the frames: HTTP/1.0, and what is no stream */
	enum frame_form form; /* of what it is sent */
};

/* Room for so many parts, before the first one joins. Without it there is room for one. */
void subscriber_expect(struct subscriber *sub, size_t parts);

/* Joins as its next part. keys: count routing keys as stream_append_keys writes them. WAITING
 * afterwards. */
void subscriber_join(struct subscriber *sub, struct stream *stream, struct hash_key hash_key,
		     const char *keys, uint32_t count);

void subscriber_leave(struct subscriber *sub); /* all streams; harmless twice */

/* The stream by which it has events of this topic; of several that do any, for they are framed
 * alike. */
const struct stream *subscriber_stream_of(const struct subscriber *sub, struct text topic);

/* LIVE from now on: all behind `after` is to be sent. True when there already is something. */
bool subscriber_go_live(struct subscriber *sub, struct cursor after);

/* WAITING again: it is sent other things first, then goes live anew. No frame has been sent in
 * part. */
void subscriber_wait(struct subscriber *sub);

/* An event has come, its entry in the part's stream has this number; the subscriber is LIVE and has
 * nothing pending. True: it may be for it, and now it has. Other parts may still have something
 * against it, which gather finds out. */
bool subscriber_call(struct part *part, const struct sharedlog *log, uint64_t number);

#define GATHER_MAX 64

/* What to send next, as pieces of the shared log. */
struct gather {
	struct iovec iov[GATHER_MAX];
	int count;
	size_t bytes;
	/* of each part: entries before this have been looked at */
	uint64_t until[SUBSCRIBER_PARTS_MAX];
};

/* Does one of its streams miss an event (router.h)? Then it is about to be closed. */
bool subscriber_is_holed(const struct subscriber *sub);

/* Looks at events from the position on until the gather is full, or the look has cost enough for
 * one turn. Of one that is holed, only at the frame that has begun. */
void subscriber_gather(const struct subscriber *sub, const struct sharedlog *log,
		       struct gather *ret_gather);

/* So many bytes of what was gathered have gone. Ends pending when nothing is left. */
void subscriber_advance(struct subscriber *sub, const struct sharedlog *log, const struct gather *g,
			size_t bytes);

/* Has the log forgotten an entry that this subscriber still had to look at? Then it cannot be
 * continued. */
bool subscriber_fell_off(struct subscriber *sub, const struct sharedlog *log);

#endif
