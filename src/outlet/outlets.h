/* SPDX-License-Identifier: PostgreSQL */
/*
 * outlets.h: all open connections of this process.
 *
 * It counts how many a user, an address and the process may have. It flushes those that were
 * touched in a turn, and it ends all of them. It owns the outlets.
 *
 * The limits (`max-streams` and others) are of connections. With several streams, a connection
 * counts once.
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
	/* Borrowed. The caller sets these before outlets_init. */
	struct loop *loop;
	struct router *router;
	const struct http_options *options;
	/* Counts a page that cannot be answered, because it is refused after all. */
	struct refusal_stats *refusals;
	struct catchup_ops catchup;
	struct question_ops questions;
	struct snapshot_ops snapshots;

	struct list open;   /* struct outlet */
	struct list closed; /* struct outlet: to be freed at the end of the turn */
	size_t count;       /* of the open ones */
	/* Requests that may become connections, see outlets_reserve. */
	size_t waiting;
	uint64_t opened;                /* since the start; it numbers connections */
	uint64_t slow;                  /* closed as slow, for metrics */
	struct strmap users, addresses; /* values are struct tally */
	struct strmap codes;            /* values are struct outlet: those that can be renewed */
	/* Of struct prelude, those that wait until a tick has been read here. */
	struct list preludes;
	struct revocations revocations, coming; /* coming: while all are read again */
	struct proxycuts proxycuts;             /* what ends of connections teach about proxies */
	struct census census;
	bool draining; /* outlets_drain was called, or is about to be */
};

void outlets_init(struct outlets *set);
/* Closes without a word what is still open. */
void outlets_release(struct outlets *set);

enum outlets_room { OUTLETS_ROOM, OUTLETS_FULL, OUTLETS_USER_FULL, OUTLETS_ADDRESS_FULL };

/* Is there room for one more connection of this user (NULL if anonymous) from this address? */
enum outlets_room outlets_room(const struct outlets *set, const char *user, const char *address);

/*
 * Counts a request that waits for the database as if it were a connection. So nobody has more of
 * both than of connections. A user of NULL is not counted as a user.
 */
void outlets_reserve(struct outlets *set, const char *user, const char *address);
void outlets_unreserve(struct outlets *set, const char *user, const char *address);

void outlets_count_in(struct outlets *set, struct outlet *o);
void outlets_count_out(struct outlets *set, struct outlet *o);

/* Does a token of this standing still count? */
bool outlets_accept(const struct outlets *set, struct standing standing);

/*
 * Returns how many other connections its user has, with requests that wait. For an anonymous one,
 * it is those of its address.
 */
size_t outlets_beside(const struct outlets *set, const struct outlet *o);

/*
 * Calls do_it for the open connections of this user, or for all if user is NULL. do_it may close
 * the connection that it is given.
 */
void outlets_each(struct outlets *set, const char *user, void (*do_it)(struct outlet *o));

/*
 * Sets o->code, a fresh code by which the connection can be renewed. Nobody can guess it. There
 * must be none yet.
 */
void outlets_give_code(struct outlets *set, struct outlet *o);
/* The code is used up. Harmless if there is none. */
void outlets_take_code(struct outlets *set, struct outlet *o);
/* NULL if no open connection has this code. */
struct outlet *outlets_find_code(const struct outlets *set, const char *code);

void outlets_flush(struct outlets *set); /* flushes every touched subscriber once */
void outlets_reap(struct outlets *set);  /* frees what was closed; between turns only */
/* Closes the connections of streams that are not there any more, as `changed`. */
void outlets_close_gone(struct outlets *set);
/* Closes the connections of streams that miss an event, as `fault`. */
void outlets_close_holed(struct outlets *set);
void outlets_reset_all(struct outlets *set, const char *reason);
void outlets_drain(struct outlets *set); /* ends every connection; no new one is opened */

#endif
