/* SPDX-License-Identifier: PostgreSQL */
/*
 * outlets.h: all open streams of this process: how many a user, an address and the process may
 * have, who is flushed in this turn, and how all of them end.
 */
#ifndef OUTLET_OUTLETS_H
#define OUTLET_OUTLETS_H

#include "base/loop.h"
#include "base/strmap.h"
#include "hub/catchup.h"
#include "hub/question.h"
#include "hub/router.h"
#include "hub/snapshot.h"
#include "auth/revocations.h"
#include "http/options.h"
#include "http/refusal_stats.h"
#include "outlet/census.h"
#include "outlet/outlet.h"
#include "outlet/proxycuts.h"

struct outlets {
	/* borrowed, set by the caller before outlets_init */
	struct loop *loop;
	struct router *router;
	const struct http_options *options;
	struct refusal_stats *refusals; /* a page that cannot be answered is refused after all */
	struct catchup_ops catchup;
	struct question_ops questions;
	struct snapshot_ops snapshots;

	struct list open;               /* struct outlet */
	struct list closed;             /* to be freed at the end of the turn */
	size_t count;                   /* open ones */
	size_t waiting;                 /* requests that may become streams, see outlets_reserve */
	uint64_t opened;                /* since the start; numbers connections */
	uint64_t slow;                  /* closed as slow, for metrics */
	struct strmap users, addresses; /* -> struct tally */
	struct strmap codes;            /* -> struct outlet: those that can be renewed */
	struct list preludes; /* struct prelude: those that wait for a tick to be published */
	struct revocations revocations, coming; /* coming: while they are read anew */
	struct proxycuts proxycuts;             /* what ends of streams teach about proxies */
	struct census census;
	bool draining;
};

void outlets_init(struct outlets *set);
void outlets_release(struct outlets *set); /* closes without a word what is still open */

enum outlets_room { OUTLETS_ROOM, OUTLETS_FULL, OUTLETS_USER_FULL, OUTLETS_ADDRESS_FULL };

/* May one more stream be opened by this user (NULL: anonymous) from this address? */
enum outlets_room outlets_room(const struct outlets *set, const char *user, const char *address);

/* Counts a request that waits for the database as if it were a stream, so that nobody has more of
 * both than of streams. */
void outlets_reserve(struct outlets *set, const char *user, const char *address);
void outlets_unreserve(struct outlets *set, const char *user, const char *address);

void outlets_count_in(struct outlets *set, struct outlet *o);
void outlets_count_out(struct outlets *set, struct outlet *o);

/* Does a token of this standing still count? */
bool outlets_accept(const struct outlets *set, struct standing standing);

/* How many more streams has its user, or the address of an anonymous one? */
size_t outlets_beside(const struct outlets *set, const struct outlet *o);

/* Calls do_it for the open streams of this user, NULL: for all. It may close the stream that it is
 * given. */
void outlets_each(struct outlets *set, const char *user, void (*do_it)(struct outlet *o));

/* The code by which a stream can be renewed: nobody guesses it. */
void outlets_give_code(struct outlets *set, struct outlet *o); /* sets o->code */
/* it is used up; harmless when there is none */
void outlets_take_code(struct outlets *set, struct outlet *o);
/* NULL: none has it */
struct outlet *outlets_find_code(const struct outlets *set, const char *code);

void outlets_flush(struct outlets *set); /* every touched subscriber once */
void outlets_reap(struct outlets *set);  /* frees what was closed; between turns only */
/* subscribers of streams that are not there any more */
void outlets_close_gone(struct outlets *set);
void outlets_close_holed(struct outlets *set); /* subscribers of streams that miss an event */
void outlets_reset_all(struct outlets *set, const char *reason);
void outlets_drain(struct outlets *set); /* every stream ends; no new one is opened */

#endif
