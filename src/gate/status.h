/* SPDX-License-Identifier: PostgreSQL */
/*
 * status.h: what operators and load balancers ask.
 *
 * /stream/status is for all. /metrics, /healthz and /readyz are for the admin port. If there are
 * several workers, the answers are of all of them. Times are milliseconds of the monotonic clock.
 */
#ifndef GATE_STATUS_H
#define GATE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "gate/gate.h"

/* With this much lag, the status is `degraded` and /readyz says that it is not ready. */
#define STATUS_LATE_MS 10000

struct crew;
struct histogram;

struct status {
	const struct gate *gate;
	struct crew *crew;             /* NULL if this process is the only worker */
	const char *version, *library; /* of this program, and of the library that reads HTTP */
	/* When the process started. */
	int64_t started_ms;
	int64_t started_wall_ms; /* the same by the wall clock */
	bool available;          /* the change log can be followed */
	bool known;              /* it could be followed before */
	bool leaving;            /* the drain is about to begin */
	int64_t ready_grace_ms;  /* it stays ready for so long when only the database is away */
	int64_t lost_ms;         /* since when it is not available */
	bool shut;               /* no connection is taken, for lack of descriptors or memory */
	int queue_millionths;    /* how much of PostgreSQL's queue of notifications is used */
	/* Since when something that is committed waits to be read. 0 if nothing is known of. */
	int64_t owed_ms;
	/* Since when clients wait for sessions that cannot be had, or 0. */
	int64_t stuck_ms;
	/* For metrics: ticks made, pages read, how often it was shut, changes told as `bulk`. */
	uint64_t ticks, pages, shuts, unreadable;
	/* How long it takes; of the rooms that measure it. */
	const struct histogram *delivery, *tick, *authorize, *action;
	/* Appends lines of /metrics on what this room does not know. */
	void (*append_more)(void *ctx, int64_t now_ms, struct buf *out);
	void *ctx;
};

/* The bodies of /stream/status and /metrics. */
void status_append_json(const struct status *s, int64_t now_ms, struct buf *out);
void status_append_metrics(const struct status *s, int64_t now_ms, struct buf *out);
/* Age of the oldest change that is known of and was not read. 0 if there is none. */
int64_t status_lag_ms(const struct status *s, int64_t now_ms);
/* Returns why it is not ready, or NULL if it is. */
const char *status_unready(const struct status *s, int64_t now_ms);
/* Tells the other workers. To be called every CREW_SAY_EVERY_MS. */
void status_tell_crew(const struct status *s, int64_t now_ms);

#endif
