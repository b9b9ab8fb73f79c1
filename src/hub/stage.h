/* SPDX-License-Identifier: PostgreSQL */
/*
 * stage.h: one event on its way into the shared log: the record in the making, and a route for each
 * stream that it is for. The record is the event's name, its routing keys for each of these
 * streams, and its frames: once for each format and form that they use, sealed or in clear. In this
 * order: stage_begin, stage_add for each stream that carries it, stage_frames; then it is to be
 * copied and delivered. Memory is kept from event to event.
 *
 * This is where what goes out is made. Which streams there are, and what becomes of one that the
 * event could not be sealed for, the router knows.
 */
#ifndef HUB_STAGE_H
#define HUB_STAGE_H

#include "base/buf.h"
#include "hub/packer.h"
#include "hub/reach.h"
#include "hub/sealer.h"
#include "hub/stream.h"

/* An event's way to one stream; the stream is borrowed. Of its entry `record` is not set. */
struct stage_route {
	struct stream *stream;
	struct stream_entry entry;
};

struct stage {
	struct hash_key hash_key; /* of routing keys */
	struct sealer *sealer;    /* borrowed, as is the packer */
	struct packer *packer;
	const struct event *event; /* borrowed from stage_begin to stage_frames; NULL else */
	struct buf record;
	struct stage_route *routes;
	size_t route_count, route_cap;
	uint16_t name_len;             /* of its name in the record */
	bool meant;                    /* it is for somebody of these streams */
	struct reach audience, unless; /* of the event, where these make very many routing keys */
};

void stage_init(struct stage *g, struct hash_key hash_key, struct sealer *sealer,
		struct packer *packer);
void stage_release(struct stage *g);

void stage_begin(struct stage *g, const struct event *event); /* forgets the one before */
/* No route where nobody can be meant. False: of its routing keys only those are in the record that
 * somebody has now. */
MUST_CHECK bool stage_add(struct stage *g, struct stream *s);
void stage_frames(struct stage *g);

/* The event is for nobody of this stream, and only says who sees the row still: to those who have
 * another stream beside it. */
static inline bool stage_is_silent(const struct stage_route *route)
{
	return route->entry.key_count == 0 && !route->entry.everyone;
}

/* It is for somebody, and has no frame though it was to be framed: it could not be sealed. */
static inline bool stage_is_unsealed(const struct stage_route *route)
{
	return !stage_is_silent(route) && route->entry.frames[FRAME_EVENTS].len == 0;
}

#endif
