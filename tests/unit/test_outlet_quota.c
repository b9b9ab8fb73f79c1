/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/quota.h"

#include "http/options.h"

#include "unit.h"

static struct quota quota;
static const struct http_options limits = {
	.max_streams = 3, .max_streams_per_user = 2, .max_streams_per_ip = 2};

static int begin(void **state)
{
	(void)state;
	quota_init(&quota, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	quota_release(&quota);
	return 0;
}

static enum quota_room room(const char *user, const char *address)
{
	return quota_room(&quota, &limits, user, address);
}

TEST(requests_that_wait_count_like_connections)
{
	struct list ann;

	assert_int_equal(room("ann", "::1"), QUOTA_ROOM);
	quota_count_in(&quota, "ann", "::1", &ann);
	quota_reserve(&quota, "ann", "::2");
	assert_int_equal(room("ann", "::3"), QUOTA_USER_FULL);
	assert_int_equal(room("bob", "::1"), QUOTA_ROOM);
	quota_unreserve(&quota, "ann", "::2");
	assert_int_equal(room("ann", "::3"), QUOTA_ROOM);
	quota_count_out(&quota, "ann", "::1", &ann);
	assert_int_equal(quota.open + quota.waiting, 0);
	assert_int_equal(quota.users.count + quota.addresses.count, 0);
}

TEST(an_address_has_its_limit_whoever_asks)
{
	struct list first, second;

	quota_count_in(&quota, NULL, "::1", &first);
	quota_count_in(&quota, "bob", "::1", &second);
	assert_int_equal(room("eve", "::1"), QUOTA_ADDRESS_FULL);
	assert_int_equal(room(NULL, "::1"), QUOTA_ADDRESS_FULL);
	assert_int_equal(room(NULL, "::2"), QUOTA_ROOM);
	quota_reserve(&quota, NULL, "::2");
	assert_int_equal(room(NULL, "::3"), QUOTA_FULL);
	quota_unreserve(&quota, NULL, "::2");
	quota_count_out(&quota, NULL, "::1", &first);
	quota_count_out(&quota, "bob", "::1", &second);
}

TEST(a_limit_of_0_is_none)
{
	const struct http_options open = {.max_streams = 10};

	for (int i = 0; i < 9; i++)
		quota_reserve(&quota, "ann", "::1");
	assert_int_equal(quota_room(&quota, &open, "ann", "::1"), QUOTA_ROOM);
	quota_reserve(&quota, "ann", "::1");
	assert_int_equal(quota_room(&quota, &open, "ann", "::1"), QUOTA_FULL);
	for (int i = 0; i < 10; i++)
		quota_unreserve(&quota, "ann", "::1");
}

TEST(the_others_are_those_of_the_user_or_of_the_address)
{
	struct list ann, other, anonymous;

	quota_count_in(&quota, "ann", "::1", &ann);
	assert_int_equal(quota_beside(&quota, "ann", "::1"), 0);
	quota_count_in(&quota, "ann", "::2", &other);
	quota_count_in(&quota, NULL, "::1", &anonymous);
	assert_int_equal(quota_beside(&quota, "ann", "::1"), 1);
	assert_int_equal(quota_beside(&quota, NULL, "::1"), 1);
	quota_count_out(&quota, "ann", "::1", &ann);
	quota_count_out(&quota, "ann", "::2", &other);
	quota_count_out(&quota, NULL, "::1", &anonymous);
}

TEST(the_list_of_a_user_stays_while_all_of_it_are_closed)
{
	struct list one, two, *all;
	int walked = 0;

	quota_count_in(&quota, "ann", "::1", &one);
	quota_count_in(&quota, "ann", "::1", &two);
	assert_null(quota_take_list(&quota, "bob"));
	all = quota_take_list(&quota, "ann");
	assert_non_null(all);
	list_each (node, tmp, all) {
		quota_count_out(&quota, "ann", "::1", node);
		walked++;
	}
	assert_int_equal(walked, 2);
	assert_true(list_empty(all));
	quota_put_back(&quota, "ann");
	assert_null(quota_take_list(&quota, "ann"));
	assert_int_equal(quota.users.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(requests_that_wait_count_like_connections, begin,
						end),
		cmocka_unit_test_setup_teardown(an_address_has_its_limit_whoever_asks, begin, end),
		cmocka_unit_test_setup_teardown(a_limit_of_0_is_none, begin, end),
		cmocka_unit_test_setup_teardown(the_others_are_those_of_the_user_or_of_the_address,
						begin, end),
		cmocka_unit_test_setup_teardown(the_list_of_a_user_stays_while_all_of_it_are_closed,
						begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
