/* SPDX-License-Identifier: PostgreSQL */
#include "pg/passfile.h"

#include "temp.h"

static int set_up(void **state)
{
	(void)state;
	temp_open();
	unsetenv("PGPASSFILE");
	unsetenv("PGPASSWORD");
	unsetenv("PGSERVICE");
	setenv("HOME", temp_dir, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	temp_close();
	return 0;
}

static const char *write_passwords(const char *name, mode_t mode)
{
	const char *path = temp_write(name, "*:*:*:*:x\n", 10);

	assert_int_equal(chmod(path, mode), 0);
	return path;
}

/* words NULL: usable. Nothing may go to stderr. */
static void assert_judged(const char *conninfo, const char *words)
{
	struct buf why;
	bool usable;

	buf_init(&why);
	listen_start();
	usable = passfile_is_usable(conninfo, &why);
	listen_stop();
	assert_string_equal(said, "");
	assert_int_equal(usable, words == NULL);
	if (words != NULL && strstr(why.data, words) == NULL)
		fail_msg("%s", why.data);
	buf_release(&why);
}

TEST(a_file_that_only_its_owner_can_read_is_used_and_so_is_none)
{
	assert_judged(NULL, NULL);
	(void)write_passwords(".pgpass", 0600);
	assert_judged(NULL, NULL);
	assert_judged("host=a,b passfile=/nowhere", NULL);
}

TEST(one_that_others_can_read_or_write_or_that_is_none_is_not)
{
	(void)write_passwords(".pgpass", 0644);
	assert_judged(NULL, "/.pgpass' is not used: others");
	(void)write_passwords(".pgpass", 0620);
	assert_judged("host=a,b", "/.pgpass' is not used: others");
	assert_judged("passfile=/dev/null", "'/dev/null' is not used: it is no plain file");
}

TEST(the_file_is_the_one_that_libpq_takes)
{
	char text[200];

	(void)write_passwords(".pgpass", 0600);
	setenv("PGPASSFILE", write_passwords("other", 0644), 1);
	assert_judged("", "/other' is not used");
	snprintf(text, sizeof(text), "postgresql://u@h/d?passfile=%s",
		 write_passwords("third", 0604));
	assert_judged(text, "/third' is not used");
	snprintf(text, sizeof(text), "passfile=%s", temp_path(".pgpass"));
	assert_judged(text, NULL);
}

TEST(who_has_a_password_needs_no_file)
{
	(void)write_passwords(".pgpass", 0644);
	assert_judged("postgresql://u:x@h/d", NULL);
	assert_judged("password=x", NULL);
	setenv("PGPASSWORD", "x", 1);
	assert_judged(NULL, NULL);
}

#define FRESH(sentence) cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_file_that_only_its_owner_can_read_is_used_and_so_is_none),
		FRESH(one_that_others_can_read_or_write_or_that_is_none_is_not),
		FRESH(the_file_is_the_one_that_libpq_takes),
		FRESH(who_has_a_password_needs_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
