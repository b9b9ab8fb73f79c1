/* SPDX-License-Identifier: PostgreSQL */
/*
 * writer.h: writes lines to a file that may not take them.
 *
 * The file may be a pipe that nobody reads, a stopped terminal, or a disk that is slow or full. A
 * thread of its own writes, so nobody else waits. O_NONBLOCK would not do. It belongs to the open
 * file, which others share, such as a terminal or the parent's stdout. A disk ignores it. Lines
 * that are too many are dropped and counted. A line says how many, as soon as the file takes lines
 * again.
 */
#ifndef BASE_WRITER_H
#define BASE_WRITER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"

#define WRITER_BYTES_MAX ((size_t)256 << 10) /* that may wait; more are dropped */
/* After a line has woken it, the thread sleeps this many ms. Lines that follow need not wake it.
 * Each is a write of its own. */
#define WRITER_BURST_MS 2
/* The last line says why the program ends. On a busy machine its thread may come late. */
#define WRITER_CLOSE_ROUNDS 8

struct writer {
	int fd; /* borrowed */
	/* Makes the line that says how many were dropped. The thread calls it. */
	void (*tell)(struct buf *line, uint64_t lost);
	pthread_mutex_t lock; /* guards all that follows */
	pthread_cond_t changed;
	pthread_t thread;
	struct list lines;
	size_t bytes;        /* of the lines that wait */
	uint64_t lost;       /* dropped after the last line that waits */
	uint64_t dropped;    /* dropped in all */
	bool writing;        /* a line has left the list, and may not be in the file */
	bool closing, ended; /* the thread is to end, has ended */
};

/* Returns NULL if there can be no thread. fd is borrowed. */
struct writer *writer_open(int fd, void (*tell)(struct buf *line, uint64_t lost));

/* Takes one whole line with its end. Never waits. */
void writer_put(struct writer *w, const char *line, size_t len);
uint64_t writer_dropped(struct writer *w);

/* Lets the thread write what waits, for up to patience_ms. A signal handler may call it in a
 * process that ends at once. */
void writer_wait(struct writer *w, int patience_ms);

/* Gives the thread up to patience_ms to write what waits, and WRITER_CLOSE_ROUNDS times as long
 * while the file has room. Returns true if all is written. Then w is freed. Returns false if the
 * thread hangs in the file. Then w goes on as before. */
MUST_CHECK bool writer_close(struct writer *w, int patience_ms);

#endif
