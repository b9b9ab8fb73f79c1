/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/heartbeat.h"

#include "unit.h"

TEST(a_loop_with_time_to_spare_pings_as_configured)
{
	assert_int_equal(heartbeat_period_ms(30000, 0, 0), 30000);
	assert_int_equal(heartbeat_period_ms(30000, 0, 0.5), 30000);
	assert_int_equal(heartbeat_period_ms(50, 0, 0.2), 50);
}

TEST(a_busy_one_stretches_the_period_gradually_up_to_twice)
{
	int last = 10000;

	for (double share = 0.55; share < 1.001; share += 0.05) {
		int period = heartbeat_period_ms(10000, 0, share);

		assert_within(period, last + 1, 20000);
		last = period;
	}
	assert_within(last, 19900, 20000);
	assert_int_equal(heartbeat_period_ms(10000, 0, 7), 20000);
}

TEST(never_so_far_that_a_proxy_of_sixty_seconds_would_cut)
{
	assert_int_equal(heartbeat_period_ms(30000, 0, 1) + HEARTBEAT_SPREAD_MS, HEARTBEAT_MOST_MS);
	assert_int_equal(heartbeat_period_ms(50000, 0, 1) + HEARTBEAT_SPREAD_MS, HEARTBEAT_MOST_MS);
}

TEST(a_longer_one_that_is_configured_stays)
{
	assert_int_equal(heartbeat_period_ms(58000, 0, 1), 58000);
	assert_int_equal(heartbeat_period_ms(3600000, 0, 1), 3600000);
}

TEST(one_that_was_learned_holds_under_load_and_only_lowers)
{
	assert_int_equal(heartbeat_period_ms(30000, 1800, 1), 1800);
	assert_int_equal(heartbeat_period_ms(30000, 1800, 0), 1800);
	assert_int_equal(heartbeat_period_ms(1000, 1800, 0), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_with_time_to_spare_pings_as_configured),
		cmocka_unit_test(a_busy_one_stretches_the_period_gradually_up_to_twice),
		cmocka_unit_test(never_so_far_that_a_proxy_of_sixty_seconds_would_cut),
		cmocka_unit_test(a_longer_one_that_is_configured_stays),
		cmocka_unit_test(one_that_was_learned_holds_under_load_and_only_lowers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
