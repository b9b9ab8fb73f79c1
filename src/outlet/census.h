/* SPDX-License-Identifier: PostgreSQL */
/*
 * census.h: what is counted of streams, for /metrics. No label holds anything of a user: paths are
 * those of the definitions, reasons a fixed list.
 */
#ifndef OUTLET_CENSUS_H
#define OUTLET_CENSUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strmap.h"

#define CENSUS_PATHS_MOST 1000 /* those that come later are counted together, as "other" */
#define CENSUS_REASONS 14
#define CENSUS_AGES 6

struct census {
	struct strmap paths; /* -> struct census_path */
	uint64_t closed[CENSUS_REASONS];
	/* of those that have ended; the last: older than all bounds */
	uint64_t ages[CENSUS_AGES + 1];
	int64_t age_sum_ms;
	uint64_t bytes, pings; /* sent */
};

void census_init(struct census *c);
void census_release(struct census *c);
void census_opened(struct census *c, const char *path);

/* reason: `client`, or what `closing` says; one that is not known is counted as `other`. */
void census_closed(struct census *c, const char *path, const char *reason, int64_t age_ms);

void census_append_metrics(const struct census *c, struct buf *out);

#endif
