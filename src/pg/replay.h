/* SPDX-License-Identifier: PostgreSQL */
/*
 * replay.h: reads what the shared log no longer holds, for subscribers.
 *
 * Each catchup gets one page. All share REPLAY_WORKERS connections, first come first served. While
 * the database is away, catchups wait. A standby may not have reached the cursor of a catchup, or
 * the end of its page. Then that catchup waits too, for a while.
 *
 * A page that fails concerns only its own subscriber. It goes to the end of the queue and is read
 * with more care. The daemon then reads one change, and if that fails, the change without its data.
 * A change that the server cannot hand out is told as `bulk`.
 *
 * One connection is kept for pages of which no trouble is known. So the others do not wait for
 * those that have failed.
 */
#ifndef PG_REPLAY_H
#define PG_REPLAY_H

#include "hub/catchup.h"
#include "pg/conn.h"
#include "pg/decode.h"
#include "pg/session.h"

#define REPLAY_WORKERS 2
#define REPLAY_PAGE_EVENTS 1000
/* Of data in one page. What is left is read with the next page. */
#define REPLAY_PAGE_BYTES (1 << 20)

struct replay_worker {
	struct replay *replay;
	struct conn conn;
	struct session session;
	struct catchup *catchup; /* NULL if none, or if cancelled while its rows come */
	size_t events, bytes;    /* of this page */
	size_t most;             /* events that the page may have */
	bool full;               /* the others that came belong to the next page */
	int64_t reached;         /* the last tick that the server has */
	char *fault;
	struct decode decode;
};

struct replay {
	struct list queue;  /* struct catchup */
	struct list early;  /* struct catchup; a standby that they are read from lags */
	struct timer again; /* for these, and for a page that was cut */
	struct loop *loop;
	struct replay_worker workers[REPLAY_WORKERS];
	size_t data_max; /* bytes of one event; longer data is not read */
	uint64_t pages;  /* for metrics */
};

/* conninfo is borrowed. data_max is in bytes. */
void replay_init(struct replay *r, struct loop *loop, const char *conninfo, size_t data_max);
void replay_start(struct replay *r);
void replay_go_with(struct replay *r, const struct conn *guide); /* see conn_go_with; not bound */
void replay_pool(struct replay *r);
void replay_leave(struct replay *r, const char *why); /* as asker_leave */
void replay_release(struct replay *r);

/* Does a page wait, and no session is there for it? */
bool replay_is_stuck(const struct replay *r);

struct catchup_ops replay_ops(struct replay *r);

#endif
