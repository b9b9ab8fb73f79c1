/* SPDX-License-Identifier: PostgreSQL */
/*
 * writer.h: lines on their way to a file that may not take them: a pipe that nobody reads, a
 * terminal that was stopped, a disk that is slow or full. A thread of its own writes, so nobody
 * waits. O_NONBLOCK would not do: it belongs to the open file, which others share (a terminal, the
 * parent's stdout), and a disk knows nothing of it. What is too much is dropped and counted, and a
 * line says how much as soon as lines are taken again.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"

#define WRITER_BYTES_MAX ((size_t)256 << 10) /* that wait; more are dropped */
/*
 * woken by a line, the thread sleeps so long: those that follow need not wake it. Each is a write
 * of its own
 */
#define WRITER_BURST_MS 2

struct writer {
	int fd; /* borrowed */
	/* makes the line that says how many were dropped; called by the thread */
	void (*tell)(struct buf *line, uint64_t lost);
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	pthread_t thread;
	struct list lines;
	size_t bytes;        /* that wait */
	uint64_t lost;       /* dropped since the last line that waits */
	uint64_t dropped;    /* in all */
	bool writing;        /* a line has left the list, and may not be in the file */
	bool closing, ended; /* it is to end, it has */
};

/* NULL: there can be no thread */
struct writer *writer_open(int fd, void (*tell)(struct buf *line, uint64_t lost));

/* One whole line with its end. Never waits. */
void writer_put(struct writer *w, const char *line, size_t len);
uint64_t writer_dropped(struct writer *w);

/* Lets the thread write what waits, for so long at most: for a signal handler of a process that
 * ends at once. */
void writer_wait(struct writer *w, int patience_ms);

/* Gives the thread so long to write what waits. True: all is written, w is freed. False: it hangs
 * in the file; w lives on. */
MUST_CHECK bool writer_close(struct writer *w, int patience_ms);

#endif
