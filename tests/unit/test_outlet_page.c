/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/page.h"

#include "unit.h"

static int wait_of(const char *seconds)
{
	int ms = -1;

	return page_parse_wait(text_of(seconds), &ms) ? ms : -1;
}

TEST(a_wait_is_whole_seconds_and_55_at_the_most)
{
	assert_int_equal(wait_of("0"), 0);
	assert_int_equal(wait_of("1"), 1000);
	assert_int_equal(wait_of("007"), 7000);
	assert_int_equal(wait_of("55"), 55000);
	assert_int_equal(wait_of("56"), 55000);
	assert_int_equal(wait_of("99999999999999999999999999"), 55000);
}

TEST(anything_else_is_no_wait)
{
	static const char *const bad[] = {"",
					  "-1",
					  "+1",
					  "1.5",
					  "1s",
					  " 1",
					  "1 ",
					  "x",
					  "1e3",
					  "0x1",
					  "99999999999999999999x"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(wait_of(bad[i]), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wait_is_whole_seconds_and_55_at_the_most),
		cmocka_unit_test(anything_else_is_no_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
