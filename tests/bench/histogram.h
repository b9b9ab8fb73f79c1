/* SPDX-License-Identifier: PostgreSQL */
/* histogram.h: latencies, counted in buckets that are 2 % apart, so that millions take no room. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <math.h>
#include <string.h>
#include <time.h>

enum {
	STEPS = 32,           /* buckets between one power of two microseconds and the next */
	BUCKETS = 32 * STEPS, /* up to 2^32 us */
};

static long measured, bucket[BUCKETS];
static double max_us;

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void histogram_forget(void)
{
	memset(bucket, 0, sizeof(bucket));
	measured = 0;
	max_us = 0;
}

static void histogram_add(double us)
{
	us = fmax(1, us);
	bucket[(int)fmin(BUCKETS - 1, log2(us) * STEPS)]++;
	measured++;
	max_us = fmax(max_us, us);
}

/* In milliseconds; the middle of the bucket. */
static double percentile(double part)
{
	long rank = (long)ceil((double)measured * part);

	for (int i = 0; i < BUCKETS; i++)
		if ((rank -= bucket[i]) <= 0)
			return exp2((i + 0.5) / STEPS) / 1000;
	return 0;
}

#endif
