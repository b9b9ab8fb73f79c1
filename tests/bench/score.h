/* SPDX-License-Identifier: PostgreSQL */
/*
 * score.h: what the readers of loadclient have got. The data of an event is
 * `{"at": N, "seq": N, "user": N, …}`: microseconds of the wall clock when the trigger wrote it,
 * and its number among those of its user, from 1 on without a gap. So each reader knows what it
 * lacks.
 */
#ifndef BENCH_SCORE_H
#define BENCH_SCORE_H

#include <stdbool.h>

struct score {
	long seen;    /* events, each counted at each reader; since the last report */
	long again;   /* those that had come before */
	long missing; /* numbers that were passed over */
	long astray;  /* events of another user */
	long ended;   /* connections that the server has ended */
	long refused; /* requests that were not answered with 200, or not at all */
	long bytes;
	long reached;   /* the sum of the readers' last numbers; never begins anew */
	double last_at; /* when the last event came, of the wall clock, in seconds */
};

extern struct score score;

/* An event's data has come to a reader of this user, whose last number was seq. Returns its last
 * number from now on. late: it was waiting for this reader, so its age is no latency. */
long score_event(const char *data, long user, long seq, bool late);

/* Prints a line of JSON, and begins anew. */
void score_report(void);

#endif
