/* SPDX-License-Identifier: PostgreSQL */
#include "base/process.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"

static struct process_use look(void)
{
	struct process_use use;

	process_look(&use);
	return use;
}

TEST(open_descriptors_are_counted)
{
	size_t before = look().files;
	int ends[100][2];

	for (int i = 0; i < 100; i++)
		assert_int_equal(pipe(ends[i]), 0);
	assert_int_equal(look().files, before + 200);
	assert_int_equal(process_try_files(), before + 200);
	for (int i = 0; i < 100; i++) {
		close(ends[i][0]);
		close(ends[i][1]);
	}
	assert_int_equal(look().files, before);
	assert_int_equal(process_try_files(), before);
}

TEST(the_limit_of_descriptors_is_the_one_of_now)
{
	struct rlimit limit, lower;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	lower = (struct rlimit){.rlim_cur = 200, .rlim_max = limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &lower), 0);
	assert_int_equal(look().files_most, 200);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TEST(memory_that_is_used_is_resident)
{
	size_t size = 32 << 20;
	struct process_use before = look(), after;
	volatile char *bytes = malloc(size);

	for (size_t i = 0; i < size; i += 1024)
		bytes[i] = 1;
	after = look();
	assert_true(before.resident_bytes > 100000);
	assert_true(after.resident_bytes >= before.resident_bytes + size / 2);
	assert_true(after.virtual_bytes >= after.resident_bytes);
	free((void *)bytes);
}

TEST(time_on_the_processor_goes_by_what_is_done)
{
	struct process_use before = look();
	volatile unsigned work = 0;

	while (look().cpu_ms < before.cpu_ms + 20)
		work++;
	assert_true(work > 0);
	before = look();
	usleep(100000);
	assert_true(look().cpu_ms < before.cpu_ms + 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_descriptors_are_counted),
		cmocka_unit_test(the_limit_of_descriptors_is_the_one_of_now),
		cmocka_unit_test(memory_that_is_used_is_resident),
		cmocka_unit_test(time_on_the_processor_goes_by_what_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
