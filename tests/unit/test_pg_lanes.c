/* SPDX-License-Identifier: PostgreSQL */
#include "pg/lanes.h"

#include "unit.h"

#define MANY 50

static struct lanes lanes;

static int set_up(void **state)
{
	(void)state;
	lanes_init(&lanes);
	return 0;
}

/* Whatever a test has done, nothing is left when all have ended. */
static int tear_down(void **state)
{
	(void)state;
	assert_int_equal(lanes.lanes.count, 0);
	lanes_release(&lanes);
	return 0;
}

static void add(struct question *q, const char *user, const char *address)
{
	*q = (struct question){.client = {user, address}};
	lanes_add(&lanes, q);
}

static void take_and_end(struct question *q)
{
	assert_ptr_equal(lanes_take(&lanes), q);
	lanes_end(&lanes, q->lane);
}

TEST(a_client_with_many_waiting_does_not_keep_another_one_waiting)
{
	struct question many[MANY], one;

	for (size_t i = 0; i < MANY; i++)
		add(&many[i], "mallory", "1.1.1.1");
	for (size_t i = 0; i < LANES_MOST; i++)
		assert_ptr_equal(lanes_take(&lanes), &many[i]);
	assert_null(lanes_take(&lanes));
	add(&one, "alice", "1.1.1.1");
	lanes_end(&lanes, many[0].lane);
	take_and_end(&one); /* whoever came first */
	for (size_t i = 1; i < LANES_MOST; i++)
		lanes_end(&lanes, many[i].lane);
	add(&one, "alice", "1.1.1.1");
	take_and_end(&many[LANES_MOST]); /* neither has any, and it came first */
	take_and_end(&one);
	for (size_t i = LANES_MOST + 1; i < MANY; i++)
		take_and_end(&many[i]);
}

TEST(the_next_is_of_the_client_that_has_the_fewest_running)
{
	struct question a[3], b[2], c;

	for (size_t i = 0; i < 3; i++)
		add(&a[i], "ann", NULL);
	for (size_t i = 0; i < 2; i++)
		add(&b[i], "bob", NULL);
	assert_ptr_equal(lanes_take(&lanes), &a[0]);
	assert_ptr_equal(lanes_take(&lanes), &b[0]);
	add(&c, "carl", NULL);
	assert_ptr_equal(lanes_take(&lanes), &c);
	assert_ptr_equal(lanes_take(&lanes), &a[1]);
	lanes_end(&lanes, a[0].lane);
	lanes_end(&lanes, a[1].lane);
	assert_ptr_equal(lanes_take(&lanes), &a[2]); /* none against one */
	assert_ptr_equal(lanes_take(&lanes), &b[1]);
	lanes_end(&lanes, a[2].lane);
	lanes_end(&lanes, b[0].lane);
	lanes_end(&lanes, b[1].lane);
	lanes_end(&lanes, c.lane);
}

TEST(anonymous_ones_are_told_apart_by_their_address_and_users_are_not)
{
	struct question q[6];

	for (size_t i = 0; i < 3; i++)
		add(&q[i], NULL, "alice");
	add(&q[3], NULL, "2.2.2.2");
	add(&q[4], "alice", "alice");
	add(&q[5], "alice", "3.3.3.3");
	assert_int_equal(lanes.lanes.count, 3);
	assert_ptr_equal(lanes_take(&lanes), &q[0]);
	assert_ptr_equal(lanes_take(&lanes), &q[3]);
	assert_ptr_equal(lanes_take(&lanes), &q[4]);
	for (size_t i = 1; i < 6; i++)
		lanes_remove(&lanes, &q[i]);
	lanes_end(&lanes, q[0].lane);
	lanes_end(&lanes, q[3].lane);
	lanes_end(&lanes, q[4].lane);
}

TEST(one_that_is_put_back_comes_before_the_others_of_its_client)
{
	struct question q[3];

	for (size_t i = 0; i < 3; i++)
		add(&q[i], "ann", NULL);
	assert_ptr_equal(lanes_take(&lanes), &q[0]);
	lanes_put_back(&lanes, &q[0]);
	for (size_t i = 0; i < 3; i++)
		take_and_end(&q[i]);
}

TEST(one_that_is_cancelled_takes_no_turn_and_its_lane_is_gone)
{
	struct question first, second;

	add(&first, "ann", NULL);
	add(&second, "bob", NULL);
	lanes_remove(&lanes, &first);
	lanes_remove(&lanes, &first);
	assert_int_equal(lanes.lanes.count, 1);
	take_and_end(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_client_with_many_waiting_does_not_keep_another_one_waiting, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			the_next_is_of_the_client_that_has_the_fewest_running, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			anonymous_ones_are_told_apart_by_their_address_and_users_are_not, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			one_that_is_put_back_comes_before_the_others_of_its_client, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			one_that_is_cancelled_takes_no_turn_and_its_lane_is_gone, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
