/* SPDX-License-Identifier: PostgreSQL */
#include "gate/sums.h"

#include "unit.h"

static struct sums sums;
static struct buf out;

static int begin(void **state)
{
	(void)state;
	sums_init(&sums);
	buf_init(&out);
	return 0;
}

static int end(void **state)
{
	(void)state;
	sums_release(&sums);
	buf_release(&out);
	return 0;
}

static void assert_sum(const char *one, const char *other, const char *sum)
{
	sums_add(&sums, text_of(one));
	sums_add(&sums, text_of(other));
	sums_append(&sums, &out);
	assert_string_equal(out.data, sum);
}

TEST(counts_are_added_and_comments_stand_once)
{
	assert_sum("# HELP pgherald_streams Open streams.\n# TYPE pgherald_streams gauge\n"
		   "pgherald_streams 3\n",
		   "# HELP pgherald_streams Open streams.\n# TYPE pgherald_streams gauge\n"
		   "pgherald_streams 4\n",
		   "# HELP pgherald_streams Open streams.\n# TYPE pgherald_streams gauge\n"
		   "pgherald_streams 7\n");
}

TEST(some_gauges_are_of_the_worst)
{
	assert_sum("pgherald_up 1\npgherald_lag_seconds 0.250\npgherald_head_tick 8\n",
		   "pgherald_up 0\npgherald_lag_seconds 1.500\npgherald_head_tick 9\n",
		   "pgherald_up 0\npgherald_lag_seconds 1.500\npgherald_head_tick 8\n");
}

TEST(digits_stay_as_they_are)
{
	assert_sum("process_cpu_seconds_total 1.250\n", "process_cpu_seconds_total 0.125\n",
		   "process_cpu_seconds_total 1.375\n");
}

TEST(a_sample_of_one_worker_joins_its_family)
{
	assert_sum("# TYPE a gauge\na{path=\"/x\"} 1\n# TYPE b gauge\nb 2\n",
		   "# TYPE a gauge\na{path=\"/y z\"} 3\na{path=\"/x\"} 1\n# TYPE b gauge\nb 1\n",
		   "# TYPE a gauge\na{path=\"/x\"} 2\na{path=\"/y z\"} 3\n# TYPE b gauge\nb 3\n");
}

TEST(a_family_that_had_no_sample_gets_one_after_its_comments)
{
	assert_sum("# HELP a It.\n# TYPE a gauge\n# HELP b That.\n# TYPE b gauge\nb 2\n",
		   "# HELP a It.\n# TYPE a gauge\na{path=\"/y\"} 3\n",
		   "# HELP a It.\n# TYPE a gauge\na{path=\"/y\"} 3\n# HELP b That.\n"
		   "# TYPE b gauge\nb 2\n");
}

TEST(what_is_cut_or_empty_is_left_out)
{
	assert_sum("a 1\n\n#\nb 2", "", "a 1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(counts_are_added_and_comments_stand_once, begin,
						end),
		cmocka_unit_test_setup_teardown(some_gauges_are_of_the_worst, begin, end),
		cmocka_unit_test_setup_teardown(digits_stay_as_they_are, begin, end),
		cmocka_unit_test_setup_teardown(a_sample_of_one_worker_joins_its_family, begin,
						end),
		cmocka_unit_test_setup_teardown(
			a_family_that_had_no_sample_gets_one_after_its_comments, begin, end),
		cmocka_unit_test_setup_teardown(what_is_cut_or_empty_is_left_out, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
