/* SPDX-License-Identifier: PostgreSQL */
#include "pg/message.h"

#include "unit.h"

static void assert_line(const char *message, const char *line)
{
	struct buf b;

	buf_init(&b);
	message_append(&b, message);
	assert_string_equal(b.data, line);
	buf_release(&b);
}

TEST(a_message_is_one_line_that_has_the_cause_of_each_host)
{
	assert_line("", "");
	assert_line("\n", "");
	assert_line("out of memory", "out of memory");
	assert_line("FATAL:  not now\nDETAIL:  Hot standby mode is disabled.\n",
		    "FATAL:  not now; DETAIL:  Hot standby mode is disabled.");
	assert_line(
		"connection to server at \"localhost\" (::1), port 1 failed: Connection "
		"refused\n\tIs the server running there?\n"
		"connection to server at \"localhost\" (127.0.0.1), port 1 failed: FATAL:  no such "
		"role\n",
		"connection to server at \"localhost\" (::1), port 1 failed: Connection refused; "
		"connection to server at \"localhost\" (127.0.0.1), port 1 failed: FATAL:  no such "
		"role");
	assert_line(
		"server closed the connection unexpectedly\n\tThis probably means\n\tsomething.\n",
		"server closed the connection unexpectedly");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_line_that_has_the_cause_of_each_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
