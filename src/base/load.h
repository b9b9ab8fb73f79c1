/* SPDX-License-Identifier: PostgreSQL */
/*
 * load.h: how busy a loop is: the share of the last seconds in which it was not waiting. Pure:
 * times are passed in, microseconds of the monotonic clock.
 */
#ifndef BASE_LOAD_H
#define BASE_LOAD_H

#include <stdint.h>

struct load {
	int64_t from_us;   /* where the present part begins; 0: nothing was told yet */
	int64_t waited_us; /* of it */
	/* 0 to 1, over the parts before: what is 4 s old counts half as much or less */
	double share;
};

/* it was waiting from then to then */
void load_waited(struct load *l, int64_t from_us, int64_t to_us);

#endif
