/* SPDX-License-Identifier: PostgreSQL */
#include "pg/proof.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define NUMBER_TOLD 0 /* what libpq says of a connection that is none */
#define NUMBER_OF_PROCESS 4711

static struct loop loop;
static struct conn first;
static struct proof proof;
static int ended;
static enum proof_verdict verdict;

static const struct conn_calls no_calls;

static void on_ended(struct proof *p, enum proof_verdict v)
{
	(void)p;
	ended++;
	verdict = v;
}

static int set_up(void **state)
{
	(void)state;
	ended = 0;
	if (!loop_open(&loop))
		return -1;
	conn_init(&first, &loop, NULL, "first", &no_calls);
	proof_init(&proof, &first, NULL, on_ended);
	proof.step = PROOF_HOLD;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	proof_stop(&proof);
	loop_close(&loop);
	return 0;
}

/* The second connection was to hold a transaction open, and this came back. */
static void assert_failure(int pid, const char *sqlstate, enum proof_verdict expected)
{
	proof.pid = pid;
	proof.step = PROOF_HOLD;
	proof.second.failed = true;
	snprintf(proof.second.fault_state, sizeof(proof.second.fault_state), "%s", sqlstate);
	ended = 0;
	proof.second.calls->done(&proof.second, false);
	assert_int_equal(ended, 1);
	assert_int_equal(verdict, expected);
}

TEST(who_gives_numbers_of_its_own_and_refuses_a_transaction_lends_statements)
{
	assert_failure(NUMBER_OF_PROCESS, "08P01", PROOF_POOLED);
	assert_failure(NUMBER_OF_PROCESS, "0A000", PROOF_POOLED);
}

TEST(a_server_itself_that_refuses_one_says_nothing_of_a_pool)
{
	static const char *const states[] = {"57014", "53200", "57P01", "XX000", "08P01"};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		assert_failure(NUMBER_TOLD, states[i], PROOF_NONE);
}

TEST(what_passes_says_nothing_of_a_pool_either)
{
	static const char *const states[] = {"57014", "53200", "53300", "57P01", "57P03"};

	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		assert_failure(NUMBER_OF_PROCESS, states[i], PROOF_NONE);
}

TEST(a_pooler_may_end_the_connection_in_place_of_an_answer)
{
	proof.pid = NUMBER_OF_PROCESS;
	proof.second.calls->lost(&proof.second);
	assert_int_equal(verdict, PROOF_POOLED);
	proof.step = PROOF_HOLD;
	proof.pid = NUMBER_TOLD;
	proof.second.calls->lost(&proof.second);
	assert_int_equal(verdict, PROOF_NONE);
	assert_int_equal(ended, 2);
}

TEST(the_second_connection_goes_where_the_first_one_is)
{
	assert_ptr_equal(proof.second.guide, &first);
	assert_true(proof.second.bound);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			who_gives_numbers_of_its_own_and_refuses_a_transaction_lends_statements,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_server_itself_that_refuses_one_says_nothing_of_a_pool, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_passes_says_nothing_of_a_pool_either, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_pooler_may_end_the_connection_in_place_of_an_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_second_connection_goes_where_the_first_one_is,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
