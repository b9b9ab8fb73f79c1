/* SPDX-License-Identifier: PostgreSQL */
/*
 * router.h: which events go to which streams, and which subscribers they touch. An event is framed
 * once for each format and form in use, copied once into the shared log, and costs its own
 * subscribers only: nothing here walks over others.
 *
 * Publishing appends and touches; whoever owns the sockets takes the touched subscribers once a
 * turn and sends. The router owns streams and log; subscribers belong to the outlets.
 */
#ifndef HUB_ROUTER_H
#define HUB_ROUTER_H

#include <stdint.h>

#include "hub/packer.h"
#include "hub/params.h"
#include "hub/sealer.h"
#include "hub/sharedlog.h"
#include "hub/stage.h"
#include "hub/stream.h"
#include "hub/subscriber.h"

struct router {
	struct sharedlog log;
	uint64_t trimmed;      /* the log's tail when all streams were trimmed */
	struct cursor head;    /* everything up to here has been published; tick 0: not known yet */
	int64_t whole_tick;    /* all of this tick and of those before has */
	struct strmap streams; /* path -> struct stream */
	struct strmap topics;  /* topic -> struct topic */
	struct list gone;      /* streams that were taken away and still have subscribers */
	struct list touched;   /* subscribers with something to be sent */
	/* bytes that the log has taken, with what others keep of them, since the touched were taken
	 */
	size_t untold;
	struct hash_key hash_key;
	struct sealer sealer;
	struct packer packer;
	struct stage stage; /* the event that is published; borrows the two above */
	/* some stream is: the owner of its subscribers closes these before the next flush, and
	 * takes the marks away */
	bool holed;
	uint64_t events, bytes; /* published since the start, for metrics */
	uint64_t left_out;      /* of these without their data, for it is too long */
};

void router_init(struct router *r, size_t log_size);
void router_release(struct router *r); /* no subscriber is left */

/*
 * These streams, and no others, from now on. Takes the defs over. A stream that is defined as
 * before stays as it is; one that is not any more, or otherwise, goes to `gone`: its subscribers
 * are to be closed by their owner. False: they all are as they were.
 */
bool router_define(struct router *r, struct stream_def *defs, size_t count);
void router_free_gone(struct router *r); /* those without subscribers */

/* The log starts behind this cursor; what was in it is forgotten. At the start, and when history
 * was lost. */
void router_restart(struct router *r, struct cursor head);

/* Data up to this length fits into the log in every form. */
size_t router_data_max(const struct router *r);

void router_publish(struct router *r, const struct event *event);

/* Everything up to this cursor has been published, and of its tick there is nothing behind it. */
void router_reached(struct router *r, struct cursor head);

/* True when the log holds everything behind this cursor for this stream, in this form, whoever
 * asks. Never in one that nobody has wanted. */
bool router_holds(const struct router *r, const struct stream *s, enum frame_form form,
		  struct cursor after);

/* Somebody opens the stream in this form: from here on its events are framed in it too, for as long
 * as it is defined. */
void router_want_form(struct router *r, struct stream *s, enum frame_form form);

/* Joins as its next part, WAITING; keys as subscriber_join takes them. What is published from now
 * on names it. */
void router_join(struct router *r, struct subscriber *sub, struct stream *s, const char *keys,
		 uint32_t count);

/* router_holds for this subscriber, in each of its streams. Behind the cursor at which it joined
 * nothing is missing for it that others might miss. */
bool router_holds_for(const struct router *r, const struct subscriber *sub, struct cursor after);

/* LIVE behind `after`; what the log has already is sent with the next flush. router_holds_for must
 * be true. */
void router_go_live(struct router *r, struct subscriber *sub, struct cursor after);

/* Takes all that have something to be sent, for their turn. */
void router_take_touched(struct router *r, struct list *ret_touched);

/* So much has come since then that the touched must have their turn before more comes: else the log
 * would forget what nobody had a chance to take. */
static inline bool router_is_due(const struct router *r)
{
	return r->untold > r->log.cap / 4;
}

/* Has something to send again although no event touched it: it will be in the next flush. */
void router_touch_again(struct router *r, struct subscriber *sub);

/* The stream whose path fits, where several do the one with the most literal segments, then the
 * first by name; NULL: none. Path parameters are appended to params (texts borrowed from the stream
 * and from path). */
struct stream *router_find(const struct router *r, const char *path, struct params *params);

#endif
