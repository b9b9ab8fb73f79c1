/* SPDX-License-Identifier: PostgreSQL */
/* unit.h: what every unit test needs. Include it last: cmocka redefines names of the C library. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

/* A test's name is the sentence that it proves. */
#define TEST(sentence) static void sentence(void **state __attribute__((unused)))

/* least <= value <= most, of any integers. cmocka 2 has other names for it than cmocka 1. */
#undef assert_in_range
#pragma GCC poison assert_in_range
#define assert_within(value, least, most)                                                          \
	assert_within_at((intmax_t)(value), (intmax_t)(least), (intmax_t)(most), #value, __FILE__, \
			 __LINE__)

static inline void assert_within_at(intmax_t value, intmax_t least, intmax_t most, const char *what,
				    const char *file, int line)
{
	if (value < least || value > most) {
		print_error("%s is %jd, not within %jd and %jd\n", what, value, least, most);
		_fail(file, line);
	}
}

/* How often what is drawn is tried. With the sanitizers a round takes ten times as long, and a
 * wrong access shows in the first ones. */
#ifdef __SANITIZE_ADDRESS__
#define TIMES(whole) ((whole) / 4 + 1)
#else
#define TIMES(whole) (whole)
#endif

/* Fixed numbers, so that a failure can be repeated (Marsaglia's xorshift; the seed must not be 0).
 */
static inline uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

#endif
