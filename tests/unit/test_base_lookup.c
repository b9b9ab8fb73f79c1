/* SPDX-License-Identifier: PostgreSQL */
#include "base/lookup.h"

#include "base/loop.h"
#include "dns.h"
#include "unit.h"

#define WISHES 4

static struct loop loop;
static struct lookup wishes[WISHES];
static int answers;

static void on_found(struct lookup *l)
{
	(void)l;
	answers++;
}

static int set_up(void **state)
{
	(void)state;
	answers = dns_asked = 0;
	dns_hangs = true;
	for (size_t i = 0; i < WISHES; i++)
		lookup_init(&wishes[i], on_found);
	return loop_open(&loop) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < WISHES; i++)
		lookup_stop(&wishes[i]);
	loop_close(&loop);
	dns_go_on(false);
	return 0;
}

static void wait_for_answers(int count)
{
	for (int turns = 0; answers < count; turns++) {
		assert_true(turns < 200);
		loop_turn(&loop, 100);
	}
}

static void wait_until_asked(int count)
{
	for (int tries = 0; dns_count() < count; tries++) {
		struct timespec pause = {.tv_nsec = 1000000};

		assert_true(tries < 20000);
		nanosleep(&pause, NULL);
	}
}

TEST(a_name_becomes_its_addresses_in_the_order_of_the_answer)
{
	lookup_start(&loop, &wishes[0], "7.3");
	assert_int_equal(answers, 0);
	wait_for_answers(1);
	assert_int_equal(wishes[0].count, 2);
	assert_string_equal(wishes[0].addresses[0], "10.0.0.7");
	assert_string_equal(wishes[0].addresses[1], "10.0.0.3");
}

TEST(a_name_without_an_address_has_a_reason)
{
	lookup_start(&loop, &wishes[0], "none");
	wait_for_answers(1);
	assert_int_equal(wishes[0].count, 0);
	assert_string_equal(wishes[0].error, "Name or service not known");
}

TEST(a_name_has_so_many_addresses_and_no_more)
{
	lookup_start(&loop, &wishes[0], "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18");
	wait_for_answers(1);
	assert_int_equal(wishes[0].count, LOOKUP_ADDRESSES_MAX);
}

TEST(all_who_want_a_name_share_one_answer)
{
	lookup_start(&loop, &wishes[0], "hangs");
	lookup_start(&loop, &wishes[1], "hangs");
	lookup_start(&loop, &wishes[2], "5");
	wait_for_answers(1);
	assert_int_equal(wishes[2].count, 1);
	dns_go_on(false);
	wait_for_answers(3);
	assert_int_equal(dns_count(), 2);
	assert_string_equal(wishes[1].addresses[0], "10.0.0.9");
}

TEST(who_has_stopped_gets_no_answer_and_others_do)
{
	lookup_start(&loop, &wishes[0], "hangs");
	lookup_start(&loop, &wishes[1], "hangs");
	lookup_stop(&wishes[0]);
	dns_go_on(false);
	wait_for_answers(1);
	assert_int_equal(wishes[0].count, 0);
	assert_int_equal(wishes[1].count, 1);
}

TEST(who_asks_again_waits_for_the_thread_that_is_out)
{
	for (int i = 0; i < 100; i++) {
		lookup_start(&loop, &wishes[0], "hangs");
		lookup_stop(&wishes[0]);
	}
	lookup_start(&loop, &wishes[0], "hangs");
	wait_until_asked(1);
	assert_int_equal(dns_count(), 1);
	dns_go_on(false);
	wait_for_answers(1);
	assert_string_equal(wishes[0].addresses[0], "10.0.0.9");
}

static void ask_each_second(int seconds)
{
	for (int i = 0; i < seconds; i++) {
		lookup_start(&loop, &wishes[0], "hangs");
		loop.now_ms += 1000;
	}
}

/* No thread comes back: 10 s, 20 s, 40 s, 80 s, 160 s, then 5 minutes each. */
TEST(a_name_is_asked_for_again_within_five_minutes_however_long_it_was_in_vain)
{
	ask_each_second(10 + 20 + 40 + 80 + 160 + 1);
	wait_until_asked(6);
	assert_int_equal(dns_count(), 6);
	ask_each_second(3 * LOOKUP_AGAIN_MOST_MS / 1000);
	wait_until_asked(9);
	assert_int_equal(dns_count(), 9);
}

TEST(threads_that_never_come_back_are_few)
{
	ask_each_second(172800);
	wait_until_asked(LOOKUP_THREADS_MAX);
	assert_int_equal(dns_count(), LOOKUP_THREADS_MAX);
	dns_go_on(false);
	wait_for_answers(1);
	assert_int_equal(wishes[0].count, 1);
}

TEST(the_first_answer_counts_whichever_thread_brings_it)
{
	lookup_start(&loop, &wishes[0], "hangs");
	wait_until_asked(1);
	loop.now_ms += LOOKUP_AGAIN_MS;
	lookup_start(&loop, &wishes[1], "hangs");
	wait_until_asked(2);
	dns_go_on(false);
	wait_for_answers(2);
	assert_int_equal(wishes[0].count + wishes[1].count, 2);
	for (int turns = 0; loop.lookups.names.count > 0; turns++) {
		assert_true(turns < 200);
		loop_turn(&loop, 100);
	}
}

TEST(a_loop_may_end_while_threads_are_out)
{
	lookup_start(&loop, &wishes[0], "hangs");
	lookup_start(&loop, &wishes[1], "4");
	wait_until_asked(2);
	/* tear_down does it, and lets the thread go on behind it */
}

TEST(numbers_are_no_names)
{
	assert_true(lookup_is_number("127.0.0.1"));
	assert_true(lookup_is_number("::1"));
	assert_true(lookup_is_number("fe80::1%eth0"));
	assert_false(lookup_is_number("localhost"));
	assert_false(lookup_is_number("1.example"));
	assert_false(lookup_is_number(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_name_becomes_its_addresses_in_the_order_of_the_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_name_without_an_address_has_a_reason, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_name_has_so_many_addresses_and_no_more, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(all_who_want_a_name_share_one_answer, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(who_has_stopped_gets_no_answer_and_others_do,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_asks_again_waits_for_the_thread_that_is_out,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_name_is_asked_for_again_within_five_minutes_however_long_it_was_in_vain,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(threads_that_never_come_back_are_few, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_first_answer_counts_whichever_thread_brings_it,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_loop_may_end_while_threads_are_out, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(numbers_are_no_names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
