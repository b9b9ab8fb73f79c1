/* SPDX-License-Identifier: PostgreSQL */
/*
 * histogram.h: counts how long something takes, for /metrics.
 *
 * The bounds are the same for all: from 0.5 ms to 10 s. To count allocates nothing.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdint.h>

#include "base/buf.h"

#define HISTOGRAM_BOUNDS 13

/* All zero is an empty one. */
struct histogram {
	/* By the first bound that is not below. The last field counts what is above all of them. */
	uint64_t counts[HISTOGRAM_BOUNDS + 1];
	int64_t sum_us;
};

/* A negative time counts as 0. */
void histogram_add(struct histogram *h, int64_t us);
/* In Prometheus' text format. The name is without "pgherald_", and ends in "_seconds". */
void histogram_append(const struct histogram *h, const char *name, const char *help,
		      struct buf *out);

#endif
