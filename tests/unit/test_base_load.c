/* SPDX-License-Identifier: PostgreSQL */
#include "base/load.h"

#include "base/loop.h"

#include "unit.h"

#define SECOND 1000000

static int percent(const struct load *l)
{
	return (int)(l->share * 100 + 0.5);
}

/* Turns of 10 ms of which it waits so many. */
static void turns(struct load *l, int64_t *now_us, int seconds, int wait_ms)
{
	for (int i = 0; i < seconds * 100; i++) {
		load_waited(l, *now_us, *now_us + wait_ms * 1000);
		*now_us += 10000;
	}
}

TEST(a_loop_that_waits_is_not_busy)
{
	struct load l = {.from_us = 0};
	int64_t now = 5 * SECOND;

	turns(&l, &now, 30, 10);
	assert_int_equal(percent(&l), 0);
}

TEST(the_share_goes_to_what_it_is_in_seconds_and_not_at_once)
{
	struct load l = {.from_us = 0};
	int64_t now = 5 * SECOND;

	turns(&l, &now, 2, 2);
	assert_within(percent(&l), 10, 40);
	turns(&l, &now, 30, 2);
	assert_within(percent(&l), 79, 80);
	turns(&l, &now, 3, 10);
	assert_within(percent(&l), 30, 60);
	turns(&l, &now, 30, 10);
	assert_within(percent(&l), 0, 1);
}

TEST(one_long_wait_counts_as_long_as_it_was)
{
	struct load l = {.from_us = 0};
	int64_t now = 5 * SECOND;

	turns(&l, &now, 60, 0);
	assert_within(percent(&l), 99, 100);
	load_waited(&l, now, now + 40 * SECOND);
	assert_within(percent(&l), 0, 15);
}

TEST(a_loop_tells_how_busy_it_is)
{
	struct loop loop;

	assert_true(loop_open(&loop));
	loop_turn(&loop, 1);
	assert_true(loop.load.from_us > 0);
	assert_within(loop.load.waited_us, 900, 60 * SECOND);
	loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_that_waits_is_not_busy),
		cmocka_unit_test(the_share_goes_to_what_it_is_in_seconds_and_not_at_once),
		cmocka_unit_test(one_long_wait_counts_as_long_as_it_was),
		cmocka_unit_test(a_loop_tells_how_busy_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
