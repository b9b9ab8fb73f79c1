/* SPDX-License-Identifier: PostgreSQL */
/*
 * sums.h: adds up what several workers say in /metrics, in Prometheus' text format.
 *
 * Counters and most gauges are added. A few gauges are of the worst of them, or of the first to
 * start (sums.c has the table). A sample that only some workers have, such as of one path, joins
 * its family.
 */
#ifndef GATE_SUMS_H
#define GATE_SUMS_H

#include "base/buf.h"
#include "base/list.h"
#include "base/strmap.h"
#include "base/text.h"

struct sums {
	struct list lines;     /* struct line (sums.c), in their order; owned */
	struct strmap samples; /* of them those with a value, by name and labels */
	struct strmap ends;    /* the last line of each family, by its name */
};

void sums_init(struct sums *s);
void sums_release(struct sums *s);
/* Adds a page of samples. Those of the first page say in which order all stand. */
void sums_add(struct sums *s, struct text page);
void sums_append(const struct sums *s, struct buf *out);

#endif
