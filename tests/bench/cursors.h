/* SPDX-License-Identifier: PostgreSQL */
/* cursors.h: the ids of the latest events of a stream that all share, so that readers can resume
 * from places of different ages. One reader's lines are enough to learn them. */
#ifndef BENCH_CURSORS_H
#define BENCH_CURSORS_H

enum { CURSOR_SIZE = 48 };

/* An `id:` line's value has come. */
void cursors_see(const char *id);

/* That was the id of the event with this number. */
void cursors_learn(long seq);

/* How many numbers up to the newest are known. */
long cursors_depth(long newest);

/* Copies the id of the event with this number. */
void cursors_find(long seq, char id[CURSOR_SIZE]);

#endif
