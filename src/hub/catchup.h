/* SPDX-License-Identifier: PostgreSQL */
/*
 * catchup.h: a subscriber's wish for a page of what the shared log no longer holds.
 *
 * A page is of all its streams. The outlet owns the catchup and submits it. The inlet reads the
 * page and calls back. Neither knows the other.
 */
#ifndef HUB_CATCHUP_H
#define HUB_CATCHUP_H

#include <stdbool.h>

#include "base/list.h"
#include "hub/event.h"
#include "hub/wanted.h"

enum catchup_end {
	CATCHUP_MORE,   /* the page was full; more may follow its last event */
	CATCHUP_ALL,    /* its pages have held everything up to upto_tick */
	CATCHUP_FAILED, /* the page cannot be read; reason is the server's sentence */
	/* The server does not reach what is asked for. reason is a sentence. Nothing is lost. */
	CATCHUP_BEHIND,
	/* The cursor cannot be continued. reason is "expired", "restored" or "unknown". */
	CATCHUP_FAULT,
};

struct catchup {
	struct list link;           /* of a queue of the inlet, while it waits */
	const struct facet *facets; /* borrowed; the union of all is meant */
	size_t facet_count;
	struct cursor after; /* with tick 0, from the beginning of what is retained */
	int64_t upto_tick;
	/* Without the changes of these transactions (snapshot.h). NULL means with all. */
	const char *seen;
	/* These five are the inlet's. */
	bool fresh;    /* its page has not been asked for yet */
	int care;      /* how often its page has failed at one place */
	bool cut;      /* its last page did not come to its end */
	bool doubtful; /* its page has failed, or was cut twice in a row */
	int early;     /* how often in a row, without progress, a standby lagged */
	/* Its turn has come, and its page is about to be asked for. upto_tick may still be moved
	 * on. */
	void (*begins)(struct catchup *c);
	void (*event)(struct catchup *c, const struct event *event);
	void (*ended)(struct catchup *c, enum catchup_end end, const char *reason);
};

/* The inlet's door. A cancelled catchup is never called back. While the database is away, it
 * waits. */
struct catchup_ops {
	void (*submit)(void *ctx, struct catchup *c);
	void (*cancel)(void *ctx, struct catchup *c); /* harmless when not submitted */
	void *ctx;
};

#endif
