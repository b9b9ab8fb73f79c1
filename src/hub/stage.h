/* SPDX-License-Identifier: PostgreSQL */
/*
 * stage.h: one event on its way into the shared log.
 *
 * The stage has the record in the making, and a route for each stream that the event is for. The
 * record is the event's name, its routing keys for each of these streams, and its frames. A frame
 * is made once for each format and form that they use, sealed or in clear. The order of calls is
 * stage_begin, stage_add for each stream that carries the event, and stage_frames. Then the record
 * is to be copied and delivered. Memory is kept from event to event.
 *
 * This is where what goes out is made. The router knows which streams there are. It knows what
 * becomes of one that the event could not be sealed for.
 */
#ifndef HUB_STAGE_H
#define HUB_STAGE_H

#include "base/buf.h"
#include "hub/packer.h"
#include "hub/reach.h"
#include "hub/sealer.h"
#include "hub/stream.h"

/* An event's way to one stream, which is borrowed. `record` of the entry is not set. */
struct stage_route {
	struct stream *stream;
	struct stream_entry entry;
};

struct stage {
	struct hash_key hash_key; /* of routing keys */
	struct sealer *sealer;    /* borrowed, as is the packer */
	struct packer *packer;
	const struct event *event; /* borrowed from stage_begin to stage_frames; NULL otherwise */
	struct buf record;
	struct stage_route *routes;
	size_t route_count, route_cap;
	uint16_t name_len;             /* of the event's name in the record */
	bool meant;                    /* the event is for somebody of these streams */
	struct reach audience, unless; /* of the event, if these make very many routing keys */
};

void stage_init(struct stage *g, struct hash_key hash_key, struct sealer *sealer,
		struct packer *packer);
void stage_release(struct stage *g);

void stage_begin(struct stage *g, const struct event *event); /* forgets the one before */
/* Adds no route if nobody can be meant. Returns false if the record has only those routing keys
 * that somebody has now. */
MUST_CHECK bool stage_add(struct stage *g, struct stream *s);
/* Makes the frames, after all streams were added. */
void stage_frames(struct stage *g);

/* The event is for nobody of this stream, and only says who still sees the row. It says so to
 * subscribers that have another stream beside it. */
static inline bool stage_is_silent(const struct stage_route *route)
{
	return route->entry.key_count == 0 && !route->entry.everyone;
}

/* Sealing failed. The route has recipients, but no frame. */
static inline bool stage_is_unsealed(const struct stage_route *route)
{
	return !stage_is_silent(route) && route->entry.frames[FRAME_EVENTS].len == 0;
}

#endif
