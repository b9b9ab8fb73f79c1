/* SPDX-License-Identifier: PostgreSQL */
/*
 * outlets.h: all open connections of this process.
 *
 * It flushes those that were touched in a turn, and it ends all of them. It owns the outlets.
 */
#ifndef OUTLET_OUTLETS_H
#define OUTLET_OUTLETS_H

#include "base/chance.h"
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
#include "outlet/quota.h"
#include "outlet/tally.h"

struct outlets {
	/* Borrowed. The caller sets these before outlets_init. */
	struct loop *loop;
	struct router *router;
	const struct http_options *options;
	struct crew *crew; /* NULL if this process is the only worker */
	/* Counts a page that cannot be answered, because it is refused after all. */
	struct refusal_stats *refusals;
	struct catchup_ops catchup;
	struct question_ops questions;
	struct snapshot_ops snapshots;
	/* How old what waits to be read is. NULL if nobody knows. */
	int64_t (*lag_ms)(void *ctx);
	void *lag_ctx;

	/* Is opening_reset. The phases call it, and do not know what a connection begins with. */
	void (*reset)(struct outlet *o, const char *reason);
	struct list open;    /* struct outlet */
	struct list closed;  /* struct outlet: to be freed at the end of the turn */
	struct quota quota;  /* counts those that are open, and requests that wait */
	uint64_t opened;     /* since the start; it numbers connections */
	uint64_t slow;       /* closed as slow, for metrics */
	struct strmap codes; /* values are struct outlet: those that can be renewed (code.h) */
	/* Of struct prelude, those that wait until a tick has been read here. */
	struct list preludes;
	struct revocations revocations, coming; /* coming: while all are read again */
	struct proxycuts proxycuts;             /* what ends of connections teach about proxies */
	struct census census;
	struct tally tally;
	bool draining; /* outlets_drain was called, or is about to be */
};

void outlets_init(struct outlets *set);
/* Closes without a word what is still open. */
void outlets_release(struct outlets *set);

/* Does a token of this standing still count? */
bool outlets_accept(const struct outlets *set, struct standing standing);

/*
 * Calls do_it for the open connections of this user, or for all if user is NULL. do_it may close
 * the connection that it is given.
 */
void outlets_each(struct outlets *set, const char *user, void (*do_it)(struct outlet *o));

void outlets_flush(struct outlets *set); /* flushes every touched subscriber once */
void outlets_reap(struct outlets *set);  /* frees what was closed; between turns only */
/* Closes the connections of streams that are not there any more, as `changed`. */
void outlets_close_gone(struct outlets *set);
/* Closes the connections of streams that miss an event, as `fault`. */
void outlets_close_holed(struct outlets *set);
void outlets_reset_all(struct outlets *set, const char *reason);
/*
 * Milliseconds for `retry`, where many are closed at once and come back by themselves. Each is told
 * another time, from half of the usual one to one and a half.
 */
static inline int outlets_spread_retry_ms(const struct outlets *set)
{
	return set->options->retry_ms / 2 + chance_up_to(set->options->retry_ms);
}

void outlets_drain(struct outlets *set); /* ends every connection; no new one is opened */

#endif
