/* SPDX-License-Identifier: PostgreSQL */
#include "base/histogram.h"

#include <inttypes.h>

static const struct {
	int64_t us;
	const char *seconds;
} bounds[HISTOGRAM_BOUNDS] = {
	{500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},
	{25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
	{1000000, "1"},   {2500000, "2.5"}, {10000000, "10"},
};

void histogram_add(struct histogram *h, int64_t us)
{
	size_t i = 0;

	us = us < 0 ? 0 : us;
	while (i < HISTOGRAM_BOUNDS && us > bounds[i].us)
		i++;
	h->counts[i]++;
	h->sum_us += us;
}

void histogram_append(const struct histogram *h, const char *name, const char *help,
		      struct buf *out)
{
	uint64_t count = 0;

	buf_appendf(out, "# HELP pgherald_%s %s\n# TYPE pgherald_%s histogram\n", name, help, name);
	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		count += h->counts[i];
		buf_appendf(out, "pgherald_%s_bucket{le=\"%s\"} %" PRIu64 "\n", name,
			    bounds[i].seconds, count);
	}
	count += h->counts[HISTOGRAM_BOUNDS];
	buf_appendf(out,
		    "pgherald_%s_bucket{le=\"+Inf\"} %" PRIu64 "\npgherald_%s_sum %" PRId64
		    ".%06d\npgherald_%s_count %" PRIu64 "\n",
		    name, count, name, h->sum_us / 1000000, (int)(h->sum_us % 1000000), name,
		    count);
}
