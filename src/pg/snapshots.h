/* SPDX-License-Identifier: PostgreSQL */
/*
 * snapshots.h: runs the snapshot functions of the application.
 *
 * Each runs in a transaction with one snapshot of the database, on one of up to SNAPSHOTS_WORKERS
 * connections. They are served first come, first served, but one client has at most
 * SNAPSHOTS_PER_CLIENT of them, and one address SNAPSHOTS_PER_ADDRESS, whoever comes from there. A
 * connection is made when a snapshot finds all others busy.
 *
 * A state that is read slower than SNAPSHOTS_SLOW_BYTES ends if others wait (SNAPSHOT_SLOW).
 *
 * Rows come by a cursor, about SNAPSHOTS_PORTION bytes at a time. Between two portions the
 * transaction waits until the next is asked for.
 */
#ifndef PG_SNAPSHOTS_H
#define PG_SNAPSHOTS_H

#include <stdint.h>

#include "hub/snapshot.h"
#include "pg/conn.h"
#include "pg/session.h"

#define SNAPSHOTS_WORKERS 8
/* At a time. A client that does not read must not keep everybody waiting. An address may be that of
 * a proxy, so it has all but one. */
#define SNAPSHOTS_PER_CLIENT (SNAPSHOTS_WORKERS / 2)
#define SNAPSHOTS_PER_ADDRESS (SNAPSHOTS_WORKERS - 1)
/* Whoever reads slower than this gives its connection back, but only while others wait for one. Its
 * first seconds do not count. */
#define SNAPSHOTS_SLOW_BYTES (64 << 10) /* a second */
#define SNAPSHOTS_SLOW_MS 20000
#define SNAPSHOTS_LOOK_MS 1000
#define SNAPSHOTS_PORTION (64 << 10)
/* In the first portion, when the length of a row is not known yet. */
#define SNAPSHOTS_FIRST_ROWS 100
#define SNAPSHOTS_MOST_ROWS 1000

enum snapshots_step {
	SNAPSHOTS_REST, /* no transaction */
	SNAPSHOTS_TICK, /* makes a tick, so that few transactions come after the last one */
	SNAPSHOTS_BEGIN,
	SNAPSHOTS_NOTE, /* the cursor is opened; where it stands comes back */
	SNAPSHOTS_HOLD, /* the owner is to call next or cancel */
	SNAPSHOTS_FETCH,
	SNAPSHOTS_END,
};

struct snapshots_worker {
	struct snapshots *snapshots;
	struct conn conn;
	struct session session;
	bool started;
	enum snapshots_step step;
	/* NULL if there is none, or if it was cancelled while a statement runs. */
	struct snapshot *snapshot;
	struct snapshot_note note;
	char *seen;              /* of the note; owned */
	int asked, got;          /* rows of the portion */
	size_t bytes;            /* of the portion */
	int64_t since_ms, total; /* when its first portion was asked for; bytes of all portions */
};

struct snapshots {
	struct list queue; /* struct snapshot */
	size_t data_max;   /* bytes of one item; a longer one fails */
	struct loop *loop;
	struct timer look; /* is set while one waits that could begin */
	struct snapshots_worker workers[SNAPSHOTS_WORKERS];
};

/* conninfo is borrowed. data_max is in bytes. */
void snapshots_init(struct snapshots *s, struct loop *loop, const char *conninfo, size_t data_max);
/* see conn_go_with; not bound */
void snapshots_go_with(struct snapshots *s, const struct conn *guide);
void snapshots_pool(struct snapshots *s);
/* As asker_leave. A transaction between two portions is cut. */
void snapshots_leave(struct snapshots *s, const char *why);
void snapshots_release(struct snapshots *s);

/* Does a state wait, and no session is there for it? */
bool snapshots_are_stuck(const struct snapshots *s);

struct snapshot_ops snapshots_ops(struct snapshots *s);

/* How many rows to ask for, when the last `got` rows had `bytes` bytes. */
int snapshots_rows(int got, size_t bytes);

#endif
