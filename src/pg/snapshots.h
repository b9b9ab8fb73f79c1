/* SPDX-License-Identifier: PostgreSQL */
/*
 * snapshots.h: runs the snapshot functions of the application, each in a transaction with one
 * snapshot of the database, on a few connections, first come first served, but for a user who has
 * half of them. A connection is made when a snapshot finds all others busy. Rows come by a cursor,
 * so many as make about SNAPSHOTS_PORTION bytes at a time; in between the transaction waits for
 * whoever takes them.
 */
#ifndef PG_SNAPSHOTS_H
#define PG_SNAPSHOTS_H

#include <stdint.h>

#include "hub/snapshot.h"
#include "pg/conn.h"
#include "pg/session.h"

#define SNAPSHOTS_WORKERS 8
/* at a time: who does not read must not keep everybody waiting */
#define SNAPSHOTS_PER_USER (SNAPSHOTS_WORKERS / 2)
#define SNAPSHOTS_PORTION (64 << 10)
/* of the first portion, when the length of a row is not known yet */
#define SNAPSHOTS_FIRST_ROWS 100
#define SNAPSHOTS_MOST_ROWS 1000

enum snapshots_step {
	SNAPSHOTS_REST, /* no transaction */
	SNAPSHOTS_TICK, /* so that few transactions stand behind the last tick */
	SNAPSHOTS_BEGIN,
	SNAPSHOTS_NOTE, /* the cursor is opened; where it stands comes back */
	SNAPSHOTS_HOLD, /* somebody is to say next, or cancel */
	SNAPSHOTS_FETCH,
	SNAPSHOTS_END,
};

struct snapshots_worker {
	struct snapshots *snapshots;
	struct conn conn;
	struct session session;
	bool started;
	enum snapshots_step step;
	struct snapshot *snapshot; /* NULL: none, or cancelled while a statement runs */
	struct snapshot_note note;
	char *seen;     /* of the note, owned */
	int asked, got; /* rows of the portion */
	size_t bytes;
};

struct snapshots {
	struct list queue; /* struct snapshot */
	size_t data_max;   /* of one item; a longer one fails */
	struct snapshots_worker workers[SNAPSHOTS_WORKERS];
};

void snapshots_init(struct snapshots *s, struct loop *loop, const char *conninfo, size_t data_max);
/* see conn_go_with; not bound */
void snapshots_go_with(struct snapshots *s, const struct conn *guide);
void snapshots_pool(struct snapshots *s);
/* as asker_leave; a transaction between two portions is cut */
void snapshots_leave(struct snapshots *s, const char *why);
void snapshots_release(struct snapshots *s);

struct snapshot_ops snapshots_ops(struct snapshots *s);

/* How many rows to ask for, when so many had so many bytes. */
int snapshots_rows(int got, size_t bytes);

#endif
