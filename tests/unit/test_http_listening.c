/* SPDX-License-Identifier: PostgreSQL */
#include "http/listening.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

TEST(a_path_that_somebody_left_is_taken_over_and_one_in_use_is_not)
{
	char directory[] = "/tmp/pgherald-listening.XXXXXX", address[200];
	struct listening first = {.count = 0}, second = {.count = 0};

	assert_non_null(mkdtemp(directory));
	snprintf(address, sizeof(address), "unix:%s/http", directory);
	assert_true(listening_bind(&first, address));
	assert_false(listening_bind(&second, address));
	close(first.sockets[0].fd); /* as a process that was killed leaves it */
	assert_true(listening_bind(&second, address));
	listening_close(&second);
	snprintf(address, sizeof(address), "%s/http", directory);
	close(open(address, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	snprintf(address, sizeof(address), "unix:%s/http", directory);
	second = (struct listening){.count = 0};
	assert_false(listening_bind(&second, address)); /* a file is nobody's socket */
	unlink(address + 5);
	assert_int_equal(rmdir(directory), 0);
	free(first.sockets[0].path);
}

TEST(more_addresses_than_it_has_room_for_are_refused)
{
	char addresses[LISTENING_MAX * 12 + 60] = "";
	struct listening crowded = {.count = 0};

	for (int i = 0; i < LISTENING_MAX; i++)
		strcat(addresses, "127.0.0.1:0,");
	assert_true(listening_bind(&crowded, addresses));
	assert_int_equal(crowded.count, LISTENING_MAX);
	listening_close(&crowded);
	strcat(addresses, "/tmp/pgherald-listening-crowded");
	assert_false(listening_bind(&crowded, addresses));
	assert_int_equal(crowded.count, LISTENING_MAX);
	listening_close(&crowded);
}

TEST(another_ones_socket_at_its_path_stays)
{
	char directory[] = "/tmp/pgherald-listening.XXXXXX", address[100];
	struct listening first = {.count = 0}, second = {.count = 0};
	struct stat st;

	assert_non_null(mkdtemp(directory));
	snprintf(address, sizeof(address), "unix:%s/http", directory);
	assert_true(listening_bind(&first, address));
	assert_int_equal(unlink(address + 5), 0);
	assert_true(listening_bind(&second, address));
	listening_close(&first);
	assert_int_equal(stat(address + 5, &st), 0);
	listening_close(&second);
	assert_int_equal(stat(address + 5, &st), -1);
	assert_int_equal(rmdir(directory), 0);
}

TEST(what_is_no_address_is_none)
{
	static const char *const good[] = {"127.0.0.1:1", "[::1]:8000,:80", "*:80",
					   "unix:/a",     "/run/a",         "host:80 , unix:/a/b"};
	static const char *const bad[] = {"",       ",",         "unix:", "unix:a", "host",
					  "host:0", "host:80,x", "[::1]", "::1:80:"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!listening_is_address(good[i]))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (listening_is_address(bad[i]))
			fail_msg("%s", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_somebody_left_is_taken_over_and_one_in_use_is_not),
		cmocka_unit_test(more_addresses_than_it_has_room_for_are_refused),
		cmocka_unit_test(another_ones_socket_at_its_path_stays),
		cmocka_unit_test(what_is_no_address_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
