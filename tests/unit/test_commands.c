/* SPDX-License-Identifier: PostgreSQL */
/* What holds for the whole program. */
#include "commands.h"
#include "exit.h"

#include <sys/prctl.h>

#include "unit.h"

/* Neither for a core file nor for a debugger of the same user, from before a key is read. */
TEST(its_memory_is_for_nobody_else)
{
	char program[] = "pgherald", command[] = "version";
	char *argv[] = {program, command, NULL};

	assert_int_equal(prctl(PR_GET_DUMPABLE), 1);
	assert_int_equal(commands_run(2, argv), EXIT_DONE);
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(its_memory_is_for_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
