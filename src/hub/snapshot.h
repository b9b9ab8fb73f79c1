/* SPDX-License-Identifier: PostgreSQL */
/*
 * snapshot.h: a subscriber's wish for the state that its stream begins with.
 *
 * A function of the application gives that state. The outlet owns the snapshot and submits it. The
 * inlet runs the function in a transaction of its own. It hands over the items a portion at a time,
 * and the next portion only when it is asked for. Neither knows the other.
 */
#ifndef HUB_SNAPSHOT_H
#define HUB_SNAPSHOT_H

#include "base/list.h"
#include "hub/client.h"
#include "hub/event.h"

#define SNAPSHOT_PARAMS 3 /* path of the stream, claims and parameters as JSON */

enum snapshot_end {
	SNAPSHOT_WHOLE,  /* that was the last item */
	SNAPSHOT_FAILED, /* the function failed; why says how */
	SNAPSHOT_SLOW,   /* others wait, and it is not read fast enough */
	/* The connection was lost after noted. What was handed over is of no use. */
	SNAPSHOT_LOST,
};

/* What the state holds. It has everything up to the end of tick at.tick. Of later ticks it has the
 * transactions in `seen`. */
struct snapshot_note {
	struct cursor at;
	int64_t told; /* the last tick up to there that holds changes; 0 if none is retained */
	/* An array of transaction ids, as PostgreSQL prints it. NULL means none. Valid in the call
	 * only. */
	const char *seen;
};

struct snapshot {
	struct list link;                    /* of the inlet's queue, while it waits */
	const char *params[SNAPSHOT_PARAMS]; /* borrowed until it is noted or cancelled */
	struct client client;                /* borrowed until it has ended */
	/* From now on the items may be asked for. */
	void (*noted)(struct snapshot *s, const struct snapshot_note *note);
	void (*item)(struct snapshot *s, struct text item);
	void (*portion)(struct snapshot *s); /* the portion is over; there may be more */
	/* The owner may free it here. */
	void (*ended)(struct snapshot *s, enum snapshot_end end, const char *why);
};

/* The inlet's door. A cancelled snapshot is never called back. While the database is away, those
 * that are not noted yet wait. */
struct snapshot_ops {
	void (*submit)(void *ctx, struct snapshot *s);
	/* Asks for the first portion after noted, and for the next one after portion. */
	void (*next)(void *ctx, struct snapshot *s);
	void (*cancel)(void *ctx, struct snapshot *s); /* harmless when not submitted */
	void *ctx;
};

#endif
