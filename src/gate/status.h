/* SPDX-License-Identifier: PostgreSQL */
/* status.h: what operators and load balancers ask: /stream/status for all, /metrics, /healthz,
 * /readyz for the admin port. */
#ifndef GATE_STATUS_H
#define GATE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "gate/gate.h"

#define STATUS_LATE_MS 10000 /* of lag: then it is no moment any more */

struct status {
	const struct gate *gate;
	const char *version;
	int64_t started_ms;   /* monotonic */
	bool available;       /* the change log can be followed */
	int64_t lost_ms;      /* since when not */
	bool shut;            /* no connection is taken, for want of descriptors or memory */
	int queue_millionths; /* of PostgreSQL's queue of notifications are used */
	/* since when something that is committed waits to be read; 0: nothing that is known of */
	int64_t owed_ms;
	/* made, read, how often it was shut, told as `bulk`; for metrics */
	uint64_t ticks, pages, shuts, unreadable;
};

void status_append_json(const struct status *s, int64_t now_ms, struct buf *out);
void status_append_metrics(const struct status *s, int64_t now_ms, struct buf *out);
/* why it is not ready; NULL: it is */
const char *status_unready(const struct status *s, int64_t now_ms);

#endif
