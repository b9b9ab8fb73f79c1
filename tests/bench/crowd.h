/* SPDX-License-Identifier: PostgreSQL */
/*
 * crowd.h: the readers of loadclient as connections: they come, read, leave, and come back. All of
 * them are watched by one epoll, whose events have the reader as data.
 */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include <stdint.h>

struct crowd_plan {
	int port, count;
	int still;  /* the last so many open, and then never read */
	int window; /* so many at most are being opened at a time */
};

struct reader;

/* Reads who they are from the file. Returns the epoll, -1 with a sentence on stderr. */
int crowd_gather(const struct crowd_plan *plan, const char *file);

/* All that are away begin to connect. With a goal each resumes from a place of its own, and it is
 * complete when it has got the event with this number; 0: none resumes. */
void crowd_open(long goal);

/* All close at once. */
void crowd_leave(void);

/* What epoll says about a reader. */
void crowd_take(struct reader *r, uint32_t events);

/* Opens more, and prints what has been achieved since. -1: too many were refused. */
int crowd_turn(void);

#endif
