/* SPDX-License-Identifier: PostgreSQL */
#include "base/chance.h"

#include <assert.h>
#include <stdint.h>
#include <sys/random.h>

#include "base/clock.h"

/* The kernel may have no randomness yet, and must not keep us waiting. The clock differs too. */
int chance_up_to(int most)
{
	uint64_t bits;

	assert(most >= 0);
	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != (ssize_t)sizeof(bits))
		bits = (uint64_t)clock_mono_us();
	return (int)(bits % ((uint64_t)most + 1));
}
