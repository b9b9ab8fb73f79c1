/* SPDX-License-Identifier: PostgreSQL */
/*
 * catchup.h: one subscriber's wish for a page of what the shared log does not hold any more, of all
 * its streams. The outlet owns it and submits it; the inlet reads the page and calls back; neither
 * knows the other.
 */
#ifndef HUB_CATCHUP_H
#define HUB_CATCHUP_H

#include <stdbool.h>

#include "base/list.h"
#include "hub/event.h"
#include "hub/wanted.h"

enum catchup_end {
	CATCHUP_MORE,   /* the page was full: there may be more behind its last event */
	CATCHUP_ALL,    /* everything up to upto_tick has been in its pages */
	CATCHUP_FAILED, /* the page cannot be read, reason is the server's sentence */
	/* the server does not come to what is asked for, reason is a sentence; nothing is lost */
	CATCHUP_BEHIND,
	/* the cursor cannot be continued, reason says why: expired, restored, unknown */
	CATCHUP_FAULT,
};

struct catchup {
	struct list link;           /* of the inlet's queue, while it waits or is worked on */
	const struct facet *facets; /* borrowed: one, or several whose union is meant */
	size_t facet_count;
	struct cursor after; /* tick 0: from the beginning of what is retained */
	int64_t upto_tick;
	/* without the changes of these transactions (snapshot.h); NULL: with all */
	const char *seen;
	bool fresh;    /* the inlet's: its page has not been asked for yet */
	int care;      /* the inlet's: how often its page has failed at one place */
	bool cut;      /* the inlet's: its last page did not come to its end */
	bool doubtful; /* ... nor the one before */
	int early;     /* the inlet's: how often, without progress, a standby had not come to it */
	/* its turn has come, its page is asked for: upto_tick may still be moved on */
	void (*begins)(struct catchup *c);
	void (*event)(struct catchup *c, const struct event *event);
	void (*ended)(struct catchup *c, enum catchup_end end, const char *reason);
};

/* The inlet's door. A cancelled catchup is never called back; while the database is away it waits.
 */
struct catchup_ops {
	void (*submit)(void *ctx, struct catchup *c);
	void (*cancel)(void *ctx, struct catchup *c); /* harmless when not submitted */
	void *ctx;
};

#endif
