/* SPDX-License-Identifier: PostgreSQL */
#include "http/loopback.h"

#include "base/base.h"
#include "unit.h"

TEST(addresses_of_this_machine_are_loopback)
{
	static const char *const own[] = {"127.0.0.1:8001",       "127.9.8.7:1",  "localhost:8001",
					  "[::1]:8001",           "LOCALHOST:80", "unix:/run/x",
					  "127.0.0.1:1, [::1]:1", "/run/herald"};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		assert_true(loopback_is_all(own[i]));
}

TEST(all_others_are_not_and_one_is_enough)
{
	static const char *const others[] = {"0.0.0.0:8001",     ":8001",
					     "[::]:8001",        "10.0.0.1:8001",
					     "example.com:8001", "127.0.0.1.example.com:1",
					     "1127.0.0.1:1",     "[::ffff:10.0.0.1]:1",
					     "localhost.evil:1", "127.0.0.1:1,10.0.0.1:1"};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(loopback_is_all(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_of_this_machine_are_loopback),
		cmocka_unit_test(all_others_are_not_and_one_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
