/* SPDX-License-Identifier: PostgreSQL */
#include "base/file.h"

#include "temp.h"

static void assert_unread(const char *path, size_t most, const char *expected)
{
	struct file f;
	const char *why = "";

	assert_false(file_read(&f, path, most, &why));
	assert_null(f.bytes);
	if (strstr(why, expected) == NULL)
		fail_msg("%s: %s", path, why);
}

static int open_dir(void **state __attribute__((unused)))
{
	temp_open();
	return 0;
}

static int close_dir(void **state __attribute__((unused)))
{
	temp_close();
	return 0;
}

TEST(a_file_is_read_as_a_whole_with_a_nul_behind_it)
{
	struct file f;
	const char *why;

	assert_true(file_read(&f, temp_write("f", "a\0b\n", 4), 4, &why));
	assert_int_equal(f.len, 4);
	assert_memory_equal(f.bytes, "a\0b\n", 5);
	assert_int_equal(f.mode & 0777, 0600);
	file_release(&f);
	assert_null(f.bytes);
	assert_true(file_read(&f, temp_write("f", "", 0), 4, &why));
	assert_int_equal(f.len, 0);
	assert_string_equal(f.bytes, "");
	file_release(&f);
	/* whose size is 0 beforehand */
	assert_true(file_read(&f, "/proc/self/status", 65536, &why));
	assert_true(f.len > 100);
	file_release(&f);
}

TEST(more_than_the_most_is_refused)
{
	assert_unread(temp_write("f", "12345", 5), 4, "too large");
	assert_unread("/proc/self/status", 10, "too large");
}

TEST(what_is_no_regular_file_is_refused_without_waiting)
{
	const char *fifo = temp_path("fifo"), *loop = temp_path("loop");

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(symlink(loop, loop), 0);
	assert_unread(fifo, 10, "not a regular file");
	assert_unread("/dev/zero", 10, "not a regular file");
	assert_unread(temp_dir, 10, "directory");
	assert_unread(temp_path("missing"), 10, "No such file");
	assert_unread(loop, 10, "symbolic links");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_read_as_a_whole_with_a_nul_behind_it),
		cmocka_unit_test(more_than_the_most_is_refused),
		cmocka_unit_test(what_is_no_regular_file_is_refused_without_waiting),
	};

	return cmocka_run_group_tests(tests, open_dir, close_dir);
}
