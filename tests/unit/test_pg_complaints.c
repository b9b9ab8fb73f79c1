/* SPDX-License-Identifier: PostgreSQL */
#include "pg/complaints.h"

#include "base/log.h"
#include "temp.h"

static struct loop loop;
static struct complaints complaints;

static int set_up(void **state)
{
	(void)state;
	if (!loop_open(&loop))
		return -1;
	log_setup(LOG_INFO, false);
	complaints_init(&complaints, &loop, "the test");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	complaints_stop(&complaints);
	loop_close(&loop);
	return 0;
}

/* Said afterwards: what that brought about. */
static void pass_ms(int64_t ms)
{
	listen_start();
	loop.now_ms += ms;
	timers_fire(&loop.timers, loop.now_ms);
	listen_stop();
}

/* How many of so many, each with words of its own, are to be told. */
static int told_of(int count, int first)
{
	char text[32];
	int told = 0;

	for (int n = first; n < first + count; n++) {
		snprintf(text, sizeof(text), "no store %d", n);
		told += complaints_have_room(&complaints, text);
	}
	return told;
}

TEST(what_goes_wrong_again_is_told_once_a_minute)
{
	assert_true(complaints_are_news(&complaints, "refused"));
	assert_false(complaints_are_news(&complaints, "refused"));
	assert_true(complaints_are_news(&complaints, "no password"));
	pass_ms(COMPLAINTS_MINUTE_MS - 1);
	assert_false(complaints_are_news(&complaints, "refused"));
	pass_ms(1);
	assert_true(complaints_are_news(&complaints, "refused"));
	complaints_forget(&complaints);
	assert_true(complaints_are_news(&complaints, "refused"));
}

TEST(of_failures_with_words_of_their_own_so_many_a_minute_are_told_and_the_others_counted)
{
	assert_int_equal(told_of(1000, 0), COMPLAINTS_A_MINUTE);
	pass_ms(COMPLAINTS_MINUTE_MS);
	assert_non_null(strstr(said, "990 more failures or warnings in queries of 'the test'"));
	pass_ms(COMPLAINTS_MINUTE_MS);
	assert_string_equal(said, "");
	assert_int_equal(told_of(COMPLAINTS_A_MINUTE, 1000), COMPLAINTS_A_MINUTE);
	pass_ms(COMPLAINTS_MINUTE_MS);
	assert_string_equal(said, "");
}

TEST(a_flood_hides_no_other_complaint_and_has_none_told_again)
{
	assert_true(complaints_have_room(&complaints, "the same"));
	assert_int_equal(told_of(2, 0), 2);
	assert_false(complaints_have_room(&complaints, "the same"));
	assert_int_equal(told_of(1000, 2), COMPLAINTS_A_MINUTE - 3);
	assert_true(complaints_are_news(&complaints, "lost"));
	assert_int_equal(told_of(1000, 1002), 0);
	assert_false(complaints_are_news(&complaints, "lost"));
}

TEST(what_is_untold_at_the_end_is_counted_too)
{
	(void)told_of(COMPLAINTS_A_MINUTE + 1, 0);
	listen_start();
	complaints_stop(&complaints);
	listen_stop();
	assert_non_null(strstr(said, "1 more failures"));
}

#define FRESH(sentence) cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(what_goes_wrong_again_is_told_once_a_minute),
		FRESH(of_failures_with_words_of_their_own_so_many_a_minute_are_told_and_the_others_counted),
		FRESH(a_flood_hides_no_other_complaint_and_has_none_told_again),
		FRESH(what_is_untold_at_the_end_is_counted_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
