/* SPDX-License-Identifier: PostgreSQL */
#include "http/cookie.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct buf out;

static int set_up(void **state)
{
	(void)state;
	buf_init(&out);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buf_release(&out);
	return 0;
}

static const char *written(const char *name, const char *value, int64_t seconds, bool secure)
{
	struct cookie cookie = {name, value, seconds, secure};

	buf_clear(&out);
	assert_true(cookie_append(&cookie, &out));
	return out.data;
}

static void assert_found(const char *header, const char *value)
{
	char *found = cookie_find(header, "jwt");

	if (value == NULL)
		assert_null(found);
	else
		assert_string_equal(found, value);
	free(found);
}

TEST(a_cookie_is_found_by_its_whole_name)
{
	assert_found("jwt=a.b.c", "a.b.c");
	assert_found("theme=dark; jwt=a; z=1", "a");
	assert_found("theme=dark;jwt=a", "a");
	assert_found(";; \tjwt=a=b", "a=b");
	assert_found("xjwt=1; jwtx=2; JWT=3", NULL);
	assert_found("a=jwt=1", NULL);
	assert_found("jwt", NULL);
	assert_found("", NULL);
}

TEST(of_two_cookies_with_the_name_the_first_is_found)
{
	assert_found("jwt=first; jwt=second", "first");
	assert_found("jwt=; jwt=second", "");
}

TEST(blanks_and_quotes_around_a_value_do_not_belong_to_it)
{
	assert_found("jwt=a \t; b=2", "a");
	assert_found("jwt=\"a\"", "a");
	assert_found("jwt=\"\"", "");
	assert_found("jwt=\"", "\"");
	assert_found("jwt=\"a", "\"a");
}

TEST(a_cookie_is_kept_from_scripts_and_other_sites_for_its_time)
{
	assert_string_equal(written("jwt", "a.b.c", 60, false),
			    "jwt=a.b.c; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
	assert_string_equal(written("jwt", "a.b.c", 60, true),
			    "jwt=a.b.c; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
	assert_string_equal(written("jwt", "", 0, false),
			    "jwt=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
}

TEST(a_time_beyond_what_browsers_keep_is_that)
{
	assert_non_null(strstr(written("jwt", "a", INT64_MAX, false), "Max-Age=34560000;"));
	assert_non_null(strstr(written("jwt", "a", 34559999, false), "Max-Age=34559999;"));
}

TEST(a_name_with_a_prefix_of_security_is_always_secure)
{
	assert_non_null(strstr(written("__Host-jwt", "a", 1, false), "; Secure"));
	assert_non_null(strstr(written("__secure-jwt", "a", 1, false), "; Secure"));
	assert_null(strstr(written("Host-jwt", "a", 1, false), "; Secure"));
}

/* A browser would lose it without a word. */
TEST(a_cookie_longer_than_browsers_keep_is_refused_to_the_byte)
{
	char value[COOKIE_MAX + 1];
	size_t rest = strlen(written("jwt", "", 60, false));
	struct cookie cookie = {"jwt", value, 60, false};

	memset(value, 'x', sizeof(value));
	value[COOKIE_MAX - rest] = '\0';
	buf_clear(&out);
	assert_true(cookie_append(&cookie, &out));
	assert_int_equal(out.len, COOKIE_MAX);
	value[COOKIE_MAX - rest] = 'x';
	value[COOKIE_MAX - rest + 1] = '\0';
	assert_false(cookie_append(&cookie, &out));
}

TEST(a_name_is_good_if_nobody_can_read_it_in_another_way)
{
	static const char *const good[] = {"jwt", "__Host-jwt", "sb-x.auth:0", "a[b]", "!"};
	static const char *const bad[] = {
		"",      "a b",  " a",     "a=",       "a;b",   "a,b",
		"\"a\"", "a\tb", "a\r\nb", "\xc3\xa9", "a\x7f", "a\nSet-Cookie:b"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(cookie_name_is_good(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(cookie_name_is_good(bad[i]));
}

#define FRESH(sentence) cmocka_unit_test_setup_teardown(sentence, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_cookie_is_found_by_its_whole_name),
		FRESH(of_two_cookies_with_the_name_the_first_is_found),
		FRESH(blanks_and_quotes_around_a_value_do_not_belong_to_it),
		FRESH(a_cookie_is_kept_from_scripts_and_other_sites_for_its_time),
		FRESH(a_time_beyond_what_browsers_keep_is_that),
		FRESH(a_name_with_a_prefix_of_security_is_always_secure),
		FRESH(a_cookie_longer_than_browsers_keep_is_refused_to_the_byte),
		FRESH(a_name_is_good_if_nobody_can_read_it_in_another_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
