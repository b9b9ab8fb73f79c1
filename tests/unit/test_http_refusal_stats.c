/* SPDX-License-Identifier: PostgreSQL */
#include "http/refusal_stats.h"

#include "temp.h"

static struct loop loop;
static struct refusal_stats refusals;

static int set_up(void **state)
{
	(void)state;
	if (!loop_open(&loop))
		return -1;
	refusal_stats_init(&refusals, &loop);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	refusal_stats_release(&refusals);
	loop_close(&loop);
	return 0;
}

static int lines_of(int refused)
{
	int lines = 0;

	for (int n = 0; n < refused; n++)
		lines += refusal_stats_say(&refusals);
	return lines;
}

static void pass_a_second(void)
{
	timers_fire(&loop.timers, refusals.second.due_ms);
}

TEST(ten_refusals_of_a_second_are_told_and_the_others_counted)
{
	assert_int_equal(lines_of(10), 10);
	assert_int_equal(lines_of(300), 0);
	assert_int_equal(refusals.unsaid, 300);
}

TEST(the_number_of_the_others_is_told_when_the_second_is_over)
{
	lines_of(25);
	listen_start();
	pass_a_second();
	listen_stop();
	assert_non_null(strstr(said, "refused: 15 more requests"));
	listen_start();
	assert_int_equal(lines_of(25), 10);
	pass_a_second();
	listen_stop();
	assert_non_null(strstr(said, "refused: 15 more requests"));
}

TEST(where_all_were_told_nothing_more_is)
{
	lines_of(10);
	listen_start();
	pass_a_second();
	listen_stop();
	assert_string_equal(said, "");
	assert_false(timer_pending(&refusals.second));
}

TEST(refusals_are_counted_by_what_they_were_answered)
{
	static const struct {
		unsigned status;
		enum refusal_kind kind;
	} cases[] = {
		{400, REFUSED_FRAMING},   {413, REFUSED_FRAMING}, {415, REFUSED_FRAMING},
		{417, REFUSED_FRAMING},   {431, REFUSED_FRAMING}, {404, REFUSED_PATH},
		{405, REFUSED_PATH},      {501, REFUSED_PATH},    {401, REFUSED_TOKEN},
		{403, REFUSED_FORBIDDEN}, {429, REFUSED_FULL},    {503, REFUSED_FULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t former = refusals.counts[cases[i].kind];

		refusal_stats_count(&refusals, cases[i].status);
		assert_int_equal(refusals.counts[cases[i].kind], former + 1);
	}
	assert_string_equal(refusal_stats_name(REFUSED_FULL), "full");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			ten_refusals_of_a_second_are_told_and_the_others_counted, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			the_number_of_the_others_is_told_when_the_second_is_over, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(where_all_were_told_nothing_more_is, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(refusals_are_counted_by_what_they_were_answered,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
