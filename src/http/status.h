/* SPDX-License-Identifier: PostgreSQL */
/* status.h: what operators and load balancers ask: /stream/status for all, /metrics, /healthz, /readyz for the admin port. */
#ifndef HTTP_STATUS_H
#define HTTP_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "http/outlets.h"

struct status {
	const struct outlets *outlets;
	const char *version;
	int64_t started_ms;   /* monotonic */
	bool available;       /* the change log can be followed */
	int64_t lost_ms;      /* since when not */
	uint64_t ticks, pages; /* made, read; for metrics */
};

void status_append_json(const struct status *s, int64_t now_ms, struct buf *out);
void status_append_metrics(const struct status *s, int64_t now_ms, struct buf *out);
bool status_ready(const struct status *s);

#endif
