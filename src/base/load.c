/* SPDX-License-Identifier: PostgreSQL */
#include "base/load.h"

#define PART_US 1000000
/* The longer a part, the more it counts. A part as long as this counts half. */
#define MEMORY_US 4000000

void load_waited(struct load *l, int64_t from_us, int64_t to_us)
{
	double part, share;

	if (l->from_us == 0)
		l->from_us = from_us;
	l->waited_us += to_us - from_us;
	if (to_us - l->from_us < PART_US)
		return;
	part = (double)(to_us - l->from_us);
	share = 1 - (double)l->waited_us / part;
	l->share += (share - l->share) * part / (part + MEMORY_US);
	l->from_us = to_us;
	l->waited_us = 0;
}
