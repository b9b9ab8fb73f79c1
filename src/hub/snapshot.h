/* SPDX-License-Identifier: PostgreSQL */
/*
 * snapshot.h: one subscriber's wish for the state that its stream begins with, as the application's
 * function gives it. The outlet owns it and submits it; the inlet runs the function in a
 * transaction of its own and hands over the items a portion at a time, the next one only when it is
 * asked for; neither knows the other.
 */
#ifndef HUB_SNAPSHOT_H
#define HUB_SNAPSHOT_H

#include "base/list.h"
#include "hub/event.h"

#define SNAPSHOT_PARAMS 3 /* path of the stream, claims, parameters: as JSON */

enum snapshot_end {
	SNAPSHOT_WHOLE,  /* that was the last item */
	SNAPSHOT_FAILED, /* the function did, `why` says how */
	/* the connection was lost after noted: what was handed over is of no use */
	SNAPSHOT_LOST,
};

/* What the state holds: everything up to the end of tick at.tick, and of later ticks the
 * transactions in `seen`. */
struct snapshot_note {
	struct cursor at;
	int64_t told; /* the last tick up to there that holds changes; 0: none is retained */
	/* an array of transaction ids as PostgreSQL prints it; NULL: none. Valid in the call only
	 */
	const char *seen;
};

struct snapshot {
	struct list link;                    /* of the inlet's queue, while it waits */
	const char *params[SNAPSHOT_PARAMS]; /* borrowed until it is noted, or cancelled */
	const char *user; /* whose it is, borrowed until it has ended; NULL: nobody's */
	/* the items may be asked for */
	void (*noted)(struct snapshot *s, const struct snapshot_note *note);
	void (*item)(struct snapshot *s, struct text item);
	void (*portion)(struct snapshot *s); /* those were it; there may be more */
	/* it may be freed here */
	void (*ended)(struct snapshot *s, enum snapshot_end end, const char *why);
};

/* The inlet's door. A cancelled snapshot is never called back; while the database is away those
 * that are not noted yet wait. */
struct snapshot_ops {
	void (*submit)(void *ctx, struct snapshot *s);
	/* the first portion, after noted; the next one, after portion */
	void (*next)(void *ctx, struct snapshot *s);
	void (*cancel)(void *ctx, struct snapshot *s); /* harmless when not submitted */
	void *ctx;
};

#endif
