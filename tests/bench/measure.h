/* SPDX-License-Identifier: PostgreSQL */
/*
 * measure.h: what both subscribers of the benchmark count and print. On stdout: `ready` once it
 * listens, `seen N` at most ten times a second, and at SIGTERM one line of JSON. SIGUSR1 forgets
 * latencies (not the count): the warm-up is over.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	STEPS = 32, /* buckets between one power of two microseconds and the next: 2 % apart */
	BUCKETS = 32 * STEPS, /* up to 2^32 us */
	IDS = 1 << 24,
};

static long seen, again, measured, printed, bucket[BUCKETS];
static double max_us, printed_at;
static unsigned char had[IDS / 8];
static volatile sig_atomic_t stop, forget;

static double wall_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_signal(int number)
{
	if (number == SIGUSR1)
		forget = 1;
	else
		stop = 1;
}

static void measure_begin(void)
{
	struct sigaction action = {.sa_handler = on_signal};

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
}

/*
 * One event has arrived at wall time now_s. text: holds `"at": <when the trigger wrote it>`. id: a
 * number that no other event has, 0 where there is none; an event that had arrived before is
 * counted as `again` only.
 */
static void measure_event(const char *text, long id, double now_s)
{
	const char *at = strstr(text, "\"at\": ");
	double us;

	if (at == NULL)
		return;
	if (id > 0 && id < IDS) {
		if (had[id / 8] & 1 << id % 8) {
			again++;
			return;
		}
		had[id / 8] |= (unsigned char)(1 << id % 8);
	}
	seen++;
	us = fmax(1, (now_s - strtod(at + 6, NULL)) * 1e6);
	bucket[(int)fmin(BUCKETS - 1, log2(us) * STEPS)]++;
	measured++;
	max_us = fmax(max_us, us);
}

/* Waits a tenth of a second for the descriptor and prints what is due. False: it is time to end. */
static bool measure_wait(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	poll(&poll_fd, 1, 100);
	if (forget) {
		forget = 0;
		memset(bucket, 0, sizeof(bucket));
		measured = 0;
		max_us = 0;
	}
	if (seen != printed && wall_s() - printed_at > 0.1) {
		printf("seen %ld\n", seen);
		printed = seen;
		printed_at = wall_s();
	}
	return !stop;
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

static int measure_end(void)
{
	if (measured == 0)
		printf("{\"seen\":%ld,\"again\":%ld}\n", seen, again);
	else
		printf("{\"seen\":%ld,\"again\":%ld,\"p50\":%.3f,\"p99\":%.3f,\"max\":%.3f}\n",
		       seen, again, percentile(0.5), percentile(0.99), max_us / 1000);
	return 0;
}

static int measure_fail(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	return 1;
}

#endif
