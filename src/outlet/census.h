/* SPDX-License-Identifier: PostgreSQL */
/*
 * census.h: counts connections for /metrics.
 *
 * No label holds anything of a user. Paths are those of the definitions, and reasons come from a
 * fixed list. Times are milliseconds. Nothing here fails.
 */
#ifndef OUTLET_CENSUS_H
#define OUTLET_CENSUS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/strmap.h"

#define CENSUS_PATHS_MOST 1000 /* later paths are counted together, as "other" */
#define CENSUS_REASONS 14
#define CENSUS_AGES 6

/* Where what a client has missed comes from. */
enum census_source { CENSUS_MEMORY, CENSUS_DATABASE, CENSUS_NOWHERE, CENSUS_SOURCES };

struct census {
	/* Values are struct census_path, owned. */
	struct strmap paths;
	uint64_t closed[CENSUS_REASONS];
	/*
	 * Connections that have ended, by age. The last field counts those older than all bounds.
	 */
	uint64_t ages[CENSUS_AGES + 1];
	int64_t age_sum_ms;
	uint64_t bytes, pings; /* bytes and pings that were sent */
	uint64_t resumes[CENSUS_SOURCES];
};

void census_init(struct census *c);
void census_release(struct census *c);
/* `path` is selection_path. */
void census_opened(struct census *c, const char *path);

/*
 * Counts the end of a connection. `path` is the one given to census_opened. `reason` is `client`,
 * or the word for why the server ended it. An unknown reason is counted as `other`.
 */
void census_closed(struct census *c, const char *path, const char *reason, int64_t age_ms);

/*
 * Appends how many have ended since `closed` was copied from here, such as "client 12, slow 3".
 * Nothing if there are none.
 */
void census_append_closed(const struct census *c, const uint64_t closed[CENSUS_REASONS],
			  struct buf *out);

void census_append_metrics(const struct census *c, struct buf *out);

#endif
