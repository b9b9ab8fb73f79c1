/* SPDX-License-Identifier: PostgreSQL */
#include "base/histogram.h"

#include <string.h>

#include "unit.h"

static void assert_said(const struct histogram *h, const char *line)
{
	struct buf out;

	buf_init(&out);
	histogram_append(h, "x_seconds", "How long x takes.", &out);
	buf_append_char(&out, '\0');
	assert_non_null(strstr(out.data, line));
	buf_release(&out);
}

TEST(times_are_counted_up_to_each_bound)
{
	struct histogram h = {.sum_us = 0};
	static const int64_t times[] = {-5, 0, 500, 501, 1000000, 10000000, 10000001};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		histogram_add(&h, times[i]);
	assert_said(&h, "# HELP pgherald_x_seconds How long x takes.\n"
			"# TYPE pgherald_x_seconds histogram\n"
			"pgherald_x_seconds_bucket{le=\"0.0005\"} 3\n"
			"pgherald_x_seconds_bucket{le=\"0.001\"} 4\n");
	assert_said(&h, "_bucket{le=\"0.5\"} 4\npgherald_x_seconds_bucket{le=\"1\"} 5\n");
	assert_said(&h, "_bucket{le=\"10\"} 6\npgherald_x_seconds_bucket{le=\"+Inf\"} 7\n");
	assert_said(&h, "\npgherald_x_seconds_sum 21.001002\npgherald_x_seconds_count 7\n");
}

TEST(an_empty_one_has_all_its_lines)
{
	struct histogram h = {.sum_us = 0};

	assert_said(&h, "_bucket{le=\"+Inf\"} 0\npgherald_x_seconds_sum 0.000000\n"
			"pgherald_x_seconds_count 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_counted_up_to_each_bound),
		cmocka_unit_test(an_empty_one_has_all_its_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
