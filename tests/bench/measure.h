/* SPDX-License-Identifier: PostgreSQL */
/*
 * measure.h: what both subscribers of the benchmark count and print. On stdout: `ready` once it
 * listens, `seen N` at most ten times a second, and at SIGTERM one line of JSON. SIGUSR1 forgets
 * latencies (not the count): the warm-up is over.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "histogram.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS = 1 << 24 };

static long seen, again, printed;
static double printed_at;
static unsigned char had[IDS / 8];
static volatile sig_atomic_t stop, forget;

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
	histogram_add((now_s - strtod(at + 6, NULL)) * 1e6);
}

/* Waits a tenth of a second for the descriptor and prints what is due. False: it is time to end. */
static bool measure_wait(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	poll(&poll_fd, 1, 100);
	if (forget) {
		forget = 0;
		histogram_forget();
	}
	if (seen != printed && wall_s() - printed_at > 0.1) {
		printf("seen %ld\n", seen);
		printed = seen;
		printed_at = wall_s();
	}
	return !stop;
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
