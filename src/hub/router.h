/* SPDX-License-Identifier: PostgreSQL */
/*
 * router.h: decides which events go to which streams, and which subscribers they touch.
 *
 * An event is framed once for each format and form in use, and copied once into the shared log. It
 * costs its own subscribers only. Nothing here walks over others.
 *
 * Publishing appends and touches. The owner of the sockets takes the touched subscribers once a
 * turn and sends. The router owns streams and log. Subscribers belong to the outlets.
 */
#ifndef HUB_ROUTER_H
#define HUB_ROUTER_H

#include <stdint.h>

#include "hub/catalog.h"
#include "hub/packer.h"
#include "hub/sealer.h"
#include "hub/sharedlog.h"
#include "hub/stage.h"
#include "hub/stream.h"
#include "hub/subscriber.h"

struct router {
	struct sharedlog log;
	uint64_t trimmed;   /* the log's tail when all streams were last trimmed */
	struct cursor head; /* everything up to here was published; tick 0 if not known yet */
	int64_t whole_tick; /* everything of this tick and of those before was published */
	struct catalog catalog;
	struct list touched; /* subscribers with something to be sent */
	/* Bytes that the log has taken since the touched were taken, with what others keep of
	 * them. */
	size_t untold;
	struct hash_key hash_key;
	struct sealer sealer;
	struct packer packer;
	struct stage stage; /* the event that is being published; borrows the two above */
	/* Some stream is holed. The owner of its subscribers closes them before the next flush, and
	 * clears the marks. */
	bool holed;
	uint64_t events, bytes; /* published since the start, for metrics */
	uint64_t left_out;      /* of these, sent without data that was too long */
};

void router_init(struct router *r, size_t log_size);
void router_release(struct router *r); /* when no subscriber is left */

/* As catalog_define. New streams have nothing from before the head. */
bool router_define(struct router *r, struct stream_def *defs, size_t count);

/* Forgets what is in the log, which then starts after this cursor. This is for the start, and for
 * when history was lost. */
void router_restart(struct router *r, struct cursor head);

/* Returns the length of the longest data to read. The log has room for it in three forms, as most
 * streams need. */
size_t router_data_max(const struct router *r);

/* Appends the event to the log and touches the subscribers that it is for. Events come in the order
 * of their cursors. */
void router_publish(struct router *r, const struct event *event);

/* Everything up to this cursor has been published. Of its tick, nothing comes after it. */
void router_reached(struct router *r, struct cursor head);

/* Returns true if the log holds everything after this cursor, for this stream in this form, whoever
 * asks. It never does in a form that nobody has wanted. */
bool router_holds(const struct router *r, const struct stream *s, enum frame_form form,
		  struct cursor after);

/* Somebody opens the stream in this form. From here on its events are framed in it too, for as long
 * as the stream is defined. */
void router_want_form(struct router *r, struct stream *s, enum frame_form form);

/* Joins the stream as the subscriber's next part. The subscriber is WAITING then. keys are as
 * subscriber_join takes them. What is published from now on names it. */
void router_join(struct router *r, struct subscriber *sub, struct stream *s, const char *keys,
		 uint32_t count);

/* Is router_holds true for this subscriber, in each of its streams? After the cursor at which it
 * joined, nothing is missing for it that others might miss. */
bool router_holds_for(const struct router *r, const struct subscriber *sub, struct cursor after);

/* Makes it LIVE after this cursor. What the log has already is sent with the next flush.
 * router_holds_for must be true. */
void router_go_live(struct router *r, struct subscriber *sub, struct cursor after);

/* Takes all subscribers that have something to be sent, for their turn. */
void router_take_touched(struct router *r, struct list *ret_touched);

/* Has so much come since the touched were taken that they must have their turn first? Otherwise the
 * log would forget what nobody had a chance to take. */
static inline bool router_is_due(const struct router *r)
{
	return r->untold > r->log.cap / 4;
}

/* The subscriber has something to send again, although no event touched it. It will be in the next
 * flush. */
void router_touch_again(struct router *r, struct subscriber *sub);

#endif
