/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/tally.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "outlet/outlet.h"

#include "temp.h"

static char address[] = "192.0.2.1", user[] = "ann";
static struct loop loop;
static struct census census;
static struct tally tally;

static int begin(void **state __attribute__((unused)))
{
	loop = (struct loop){.now_ms = 1000};
	timers_init(&loop.timers);
	census_init(&census);
	tally_init(&tally, &loop, &census);
	log_setup(LOG_INFO, false);
	return 0;
}

static int end(void **state __attribute__((unused)))
{
	loop_stop_timer(&loop, &tally.timer);
	census_release(&census);
	timers_release(&loop.timers);
	return 0;
}

static void come(int count)
{
	struct outlet o = {.number = 7, .address = address, .holder = {.user = user}};

	for (int i = 0; i < count; i++) {
		census_opened(&census, "/a");
		tally_opened(&tally, &o);
	}
}

static void go(int count, const char *reason)
{
	struct outlet o = {.number = 7,
			   .address = address,
			   .holder = {.user = user},
			   .opened_ms = loop.now_ms,
			   .reason = reason};

	for (int i = 0; i < count; i++) {
		census_closed(&census, "/a", reason == NULL ? "client" : reason, 0);
		tally_closed(&tally, &o, "why");
	}
}

/* The log's lines within so many milliseconds, without their times. */
static const char *after(int64_t ms)
{
	loop.now_ms += ms;
	timers_fire(&loop.timers, clock_mono_ms() + ms); /* they are set by that clock */
	listen_stop();
	return said;
}

static int count_of(const char *text, const char *word)
{
	int count = 0;

	for (; (text = strstr(text, word)) != NULL; text++)
		count++;
	return count;
}

TEST(what_is_ordinary_is_one_line_a_minute)
{
	const char *lines;

	listen_start();
	come(1000);
	go(990, NULL);
	go(6, "answered");
	lines = after(TALLY_MS);
	assert_int_equal(count_of(lines, "\n"), 1);
	assert_non_null(strstr(lines, "info  [STREAM] within 60 s 1000 streams were opened; ended: "
				      "client 990, answered 6; open now: 4\n"));
}

TEST(each_minute_is_counted_for_itself)
{
	listen_start();
	come(3);
	assert_non_null(strstr(after(TALLY_MS), "3 streams were opened; ended: none; open now: 3"));
	listen_start();
	go(2, NULL);
	assert_non_null(
		strstr(after(TALLY_MS), "0 streams were opened; ended: client 2; open now: 1"));
}

TEST(nothing_is_said_where_nothing_has_happened)
{
	listen_start();
	come(1);
	(void)after(TALLY_MS);
	listen_start();
	assert_string_equal(after(10 * TALLY_MS), "");
}

TEST(what_is_left_is_said_at_the_end)
{
	listen_start();
	come(2);
	loop.now_ms += 1500;
	go(2, "shutdown");
	tally_release(&tally);
	listen_stop();
	assert_non_null(
		strstr(said, "within 2 s 2 streams were opened; ended: shutdown 2; open now: 0"));
	listen_start();
	tally_release(&tally);
	listen_stop();
	assert_string_equal(said, "");
}

TEST(an_end_to_be_looked_into_is_a_line_of_its_own_with_whose_it_is)
{
	static const char *const reasons[] = {"slow",   "revoked", "forbidden",
					      "failed", "fault",   "restored"};
	char part[64];

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		listen_start();
		come(1);
		go(1, reasons[i]);
		assert_non_null(strstr(after(0),
				       "info  [STREAM 7] closed: why, 0 bytes in 0 s:  by "
				       "'ann' from 192.0.2.1\n"));
		listen_start();
		snprintf(part, sizeof(part), "ended: %s 1;", reasons[i]);
		assert_non_null(strstr(after(TALLY_MS), part));
	}
}

TEST(there_are_not_many_of_these_in_a_minute)
{
	const char *lines;

	for (int minute = 0; minute < 2; minute++) {
		listen_start();
		come(500);
		go(500, "slow");
		lines = after(TALLY_MS);
		assert_int_equal(count_of(lines, "closed: why"), TALLY_LINES_MOST);
		assert_non_null(strstr(lines, "ended: slow 500;"));
	}
}

TEST(at_level_debug_each_can_be_traced)
{
	const char *lines;

	log_setup(LOG_DEBUG, false);
	listen_start();
	come(1);
	go(1, NULL);
	lines = after(0);
	assert_non_null(strstr(lines, "debug [STREAM 7] opened:  by 'ann' from 192.0.2.1\n"));
	assert_non_null(strstr(lines, "debug [STREAM 7] closed: why, 0 bytes in 0 s:  by 'ann'"));
}

TEST(in_json_each_is_told_by_its_fields)
{
	const char *lines;

	log_setup(LOG_DEBUG, true);
	listen_start();
	come(1);
	loop.now_ms += 1234;
	go(1, NULL);
	lines = after(TALLY_MS);
	log_setup(LOG_INFO, false);
	assert_non_null(strstr(lines, "\"message\":\"stream opened\",\"number\":7,\"path\":\"\","
				      "\"user\":\"ann\",\"address\":\"192.0.2.1\"}\n"));
	assert_non_null(strstr(lines, "\"address\":\"192.0.2.1\",\"reason\":\"client\","
				      "\"why\":\"why\",\"bytes\":0,\"ms\":0}\n"));
	assert_non_null(strstr(lines, "\"message\":\"streams\",\"seconds\":"));
	assert_non_null(strstr(lines, "\"opened\":1,\"ended\":\"client 1\",\"open\":0}\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_ordinary_is_one_line_a_minute, begin, end),
		cmocka_unit_test_setup_teardown(each_minute_is_counted_for_itself, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_said_where_nothing_has_happened, begin,
						end),
		cmocka_unit_test_setup_teardown(what_is_left_is_said_at_the_end, begin, end),
		cmocka_unit_test_setup_teardown(
			an_end_to_be_looked_into_is_a_line_of_its_own_with_whose_it_is, begin, end),
		cmocka_unit_test_setup_teardown(there_are_not_many_of_these_in_a_minute, begin,
						end),
		cmocka_unit_test_setup_teardown(at_level_debug_each_can_be_traced, begin, end),
		cmocka_unit_test_setup_teardown(in_json_each_is_told_by_its_fields, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
