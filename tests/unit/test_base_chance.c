/* SPDX-License-Identifier: PostgreSQL */
#include "base/chance.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

TEST(every_number_up_to_the_last_one_comes_and_none_beyond)
{
	bool seen[8] = {false};

	assert_int_equal(chance_up_to(0), 0);
	for (int n = 0; n < 2000; n++) { /* one that never came would be a chance of 1e-115 */
		int number = chance_up_to(7);

		assert_within(number, 0, 7);
		seen[number] = true;
	}
	for (int number = 0; number < 8; number++)
		assert_true(seen[number]);
}

/* What a process draws first, of 2^31. */
static int drawn_by_a_child(void)
{
	int ends[2], number, status;
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		number = chance_up_to(0x7fffffff);
		_exit(write(ends[1], &number, sizeof(number)) == (ssize_t)sizeof(number) ? 0 : 1);
	}
	assert_int_equal(read(ends[0], &number, sizeof(number)), sizeof(number));
	assert_int_equal(waitpid(child, &status, 0), child);
	close(ends[0]);
	close(ends[1]);
	return number;
}

TEST(no_two_processes_draw_the_same)
{
	int first[3];

	for (int n = 0; n < 3; n++)
		first[n] = drawn_by_a_child();
	assert_false(first[0] == first[1] && first[1] == first[2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_number_up_to_the_last_one_comes_and_none_beyond),
		cmocka_unit_test(no_two_processes_draw_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
