/* SPDX-License-Identifier: PostgreSQL */
#include "hub/cursor.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define MOST "9223372036854775807"

static void assert_parsed(const char *text, int64_t tick, int64_t change)
{
	struct cursor at = {-1, -1};

	assert_true(cursor_parse(text, &at));
	assert_true(at.tick == tick && at.change == change);
}

TEST(an_id_is_two_numbers_and_a_dash)
{
	assert_parsed("1-1", 1, 1);
	assert_parsed("12-345", 12, 345);
	assert_parsed("7-0", 7, 0);
	assert_parsed(MOST "-" MOST, INT64_MAX, INT64_MAX);
}

TEST(anything_else_is_refused_and_nothing_is_written)
{
	static const char *const bad[] = {
		"",
		"-",
		"1",
		"1-",
		"-1",
		"-1-1",
		"1--1",
		"+1-1",
		"1-+1",
		" 1-1",
		"1-1 ",
		"1 -1",
		"1- 1",
		"01-1",
		"1-01",
		"00-0",
		"1-00",
		"1-1-1",
		"1_1",
		"0x1-1",
		"1e3-1",
		"a-b",
		"1-1\n",
		"1.0-1",
		"0-0",
		"0-1",
		"earliest",
		"9223372036854775808-1",
		"1-9223372036854775808",
		"18446744073709551617-1",
		"99999999999999999999999-1",
		"\xd9\xa1-1",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct cursor at = {-1, -2};

		if (cursor_parse(bad[i], &at))
			fail_msg("'%s' was taken", bad[i]);
		assert_true(at.tick == -1 && at.change == -2);
	}
}

TEST(the_longest_cursor_fits_its_text)
{
	char text[CURSOR_TEXT_MAX];

	assert_int_equal(cursor_format((struct cursor){INT64_MAX, INT64_MAX}, text), 39);
	assert_string_equal(text, MOST "-" MOST);
}

TEST(what_is_written_is_read_as_the_same)
{
	uint32_t seed = 20261122;

	for (int i = 0; i < 10000; i++) {
		int shift = (int)(next_random(&seed) % 63);
		struct cursor at = {
			(int64_t)(((uint64_t)next_random(&seed) << 31 | next_random(&seed)) >>
				  shift) +
				1,
			next_random(&seed)};
		char text[CURSOR_TEXT_MAX];
		int len = cursor_format(at, text);

		assert_int_equal(len, strlen(text));
		assert_parsed(text, at.tick, at.change);
	}
}

TEST(the_tick_decides_and_then_the_change)
{
	static const struct cursor order[] = {
		{0, 0}, {1, 0},  {1, 1},         {1, CURSOR_TICK_END},  {2, 0},
		{2, 9}, {10, 1}, {INT64_MAX, 0}, {INT64_MAX, INT64_MAX}};

	for (size_t a = 0; a < ARRAY_SIZE(order); a++) {
		for (size_t b = 0; b < ARRAY_SIZE(order); b++) {
			int compared = cursor_compare(order[a], order[b]);

			assert_int_equal(compared < 0, a < b);
			assert_int_equal(compared > 0, a > b);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_id_is_two_numbers_and_a_dash),
		cmocka_unit_test(anything_else_is_refused_and_nothing_is_written),
		cmocka_unit_test(the_longest_cursor_fits_its_text),
		cmocka_unit_test(what_is_written_is_read_as_the_same),
		cmocka_unit_test(the_tick_decides_and_then_the_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
