/* SPDX-License-Identifier: PostgreSQL */
/*
 * load.h: how busy a loop is, as the share of the last seconds in which it did not wait.
 *
 * The caller passes the times, in microseconds of the monotonic clock.
 */
#ifndef BASE_LOAD_H
#define BASE_LOAD_H

#include <stdint.h>

struct load {
	int64_t from_us;   /* when the present part began; 0 before the first wait */
	int64_t waited_us; /* of the present part */
	/* From 0 to 1, over the parts before this one. What is 4 s old counts half as much, or
	 * less. */
	double share;
};

/* Notes that the loop waited from from_us to to_us. */
void load_waited(struct load *l, int64_t from_us, int64_t to_us);

#endif
