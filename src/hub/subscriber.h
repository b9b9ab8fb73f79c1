/* SPDX-License-Identifier: PostgreSQL */
/*
 * subscriber.h: one open connection, seen from the hub. It is a position.
 *
 * There is no queue for each subscriber. What it has not been sent yet is found again in the
 * entries of its stream, from its position on.
 *
 *   WAITING   joined, but not given live events yet, while it is sent older ones
 *   LIVE      caught up, and the router touches it when an event is for it
 *   pending   LIVE, and entries from position on are still to be looked at
 *
 * It has a part for each stream that it has joined. The entries of its parts are merged by cursor.
 * Those of one cursor are one event, which all parts judge together. The event is sent once. `left`
 * is sent only if no part still sees the row.
 *
 * A subscriber is embedded in its owner, the outlet, which lets it leave before freeing it. There
 * is no socket here. gather says what to send, and advance says how much of it went.
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
	/* Of the first part, which speaks for all if one has to. NULL after it has left. */
	struct stream *stream;
	struct part one, *parts; /* parts: the one, or several, which are owned */
	struct list touched;     /* of the router, while it has something to be sent */
	/* Events after this name it, even those that name only subscribers that are there. */
	struct cursor joined;
	struct cursor after; /* events up to this have been sent by other means */
	uint32_t skip;       /* bytes of the next event's frame that have gone already */
	uint8_t part_count;
	bool live, pending;
	bool bare;            /* no chunks around the frames, for HTTP/1.0 and for pages */
	enum frame_form form; /* of what it is sent */
};

/* Makes room for this many parts, before the first one joins. Without this call there is room for
 * one. */
void subscriber_expect(struct subscriber *sub, size_t parts);

/* Joins the stream as its next part. keys are count routing keys, as stream_append_keys writes
 * them. The subscriber is WAITING afterwards. */
void subscriber_join(struct subscriber *sub, struct stream *stream, struct hash_key hash_key,
		     const char *keys, uint32_t count);

void subscriber_leave(struct subscriber *sub); /* leaves all streams; harmless twice */

/* Returns the stream by which it has events of this topic. If several carry them, any will do,
 * because they are framed alike. */
const struct stream *subscriber_stream_of(const struct subscriber *sub, struct text topic);

/* Makes it LIVE. Everything after `after` is to be sent. Returns true if there already is
 * something. */
bool subscriber_go_live(struct subscriber *sub, struct cursor after);

/* Makes it WAITING again. It is sent other things first, and then goes live again. No frame has
 * been sent in part. */
void subscriber_wait(struct subscriber *sub);

/*
 * An event has come, whose entry in the part's stream has this number. The subscriber is LIVE and
 * has nothing pending. Returns true if the event may be for it. Then it is pending. Other parts may
 * still have something against the event, which gather finds out.
 */
bool subscriber_call(struct part *part, const struct sharedlog *log, uint64_t number);

#define GATHER_MAX 64

/* What to send next, as pieces of the shared log. */
struct gather {
	struct iovec iov[GATHER_MAX];
	int count;
	size_t bytes;
	/* For each part, entries before this number have been looked at. */
	uint64_t until[SUBSCRIBER_PARTS_MAX];
};

/* Does one of its streams miss an event (router.h)? Then it is about to be closed. */
bool subscriber_is_holed(const struct subscriber *sub);

/* Looks at events from the position on. It ends when the gather is full, or the look has cost
 * enough for one turn. If the subscriber is holed, only the frame that has begun is gathered. */
void subscriber_gather(const struct subscriber *sub, const struct sharedlog *log,
		       struct gather *ret_gather);

/* This many bytes of what was gathered have gone. Ends pending if nothing is left. */
void subscriber_advance(struct subscriber *sub, const struct sharedlog *log, const struct gather *g,
			size_t bytes);

/* Has the log forgotten an entry that this subscriber still had to look at? Then it cannot be
 * continued. */
bool subscriber_fell_off(struct subscriber *sub, const struct sharedlog *log);

#endif
