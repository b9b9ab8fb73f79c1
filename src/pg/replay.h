/* SPDX-License-Identifier: PostgreSQL */
/*
 * replay.h: reads for subscribers what the shared log does not hold any more: one page a catchup, a
 * few connections for all of them, first come first served. While the database is away catchups
 * wait; so does, for a while, one that a standby has not come to yet: its cursor, or the end of its
 * page. A page that fails concerns its own subscriber: it goes to the end of the queue, and is read
 * with more care, up to the change that the server cannot hand out: that one is told as `bulk`. One
 * connection is kept for pages of which no such thing is known, so that the others wait for none of
 * them.
 */
#ifndef PG_REPLAY_H
#define PG_REPLAY_H

#include "hub/catchup.h"
#include "pg/conn.h"
#include "pg/decode.h"
#include "pg/session.h"

#define REPLAY_WORKERS 2
#define REPLAY_PAGE_EVENTS 1000
/* of data; the rest of the page is read again with the next one */
#define REPLAY_PAGE_BYTES (1 << 20)

struct replay_worker {
	struct replay *replay;
	struct conn conn;
	struct session session;
	struct catchup *catchup; /* NULL: none, or cancelled while its rows still come */
	size_t events, bytes;    /* of this page */
	size_t most;             /* events that it may have */
	int64_t reached;         /* the last tick that the server has */
	char *fault;
	struct decode decode;
};

struct replay {
	struct list queue;  /* struct catchup */
	struct list early;  /* struct catchup: their server, a standby, is not there yet */
	struct timer again; /* for these, and for a page that was cut */
	struct loop *loop;
	struct replay_worker workers[REPLAY_WORKERS];
	size_t data_max; /* of one event; longer data is not read */
	uint64_t pages;  /* for metrics */
};

void replay_init(struct replay *r, struct loop *loop, const char *conninfo, size_t data_max);
void replay_start(struct replay *r);
void replay_go_with(struct replay *r, const struct conn *guide); /* see conn_go_with; not bound */
void replay_pool(struct replay *r);
void replay_leave(struct replay *r, const char *why); /* as asker_leave */
void replay_release(struct replay *r);

struct catchup_ops replay_ops(struct replay *r);

#endif
