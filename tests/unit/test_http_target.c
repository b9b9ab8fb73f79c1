/* SPDX-License-Identifier: PostgreSQL */
#include "http/target.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#include "unit.h"

static struct target target;
static char raw[4096];

static void init(const char *text)
{
	snprintf(raw, sizeof(raw), "%s", text);
	target_init(&target, raw);
}

/* left: what the library goes on with; expected: each parameter as "name=value ". */
static void assert_target(const char *text, const char *left, const char *expected)
{
	struct buf said;

	init(text);
	buf_init(&said);
	for (size_t i = 0; i < target.params.count; i++) {
		const struct param *param = &target.params.items[i];

		buf_appendf(&said, "%.*s=%.*s ", (int)param->name.len, param->name.bytes,
			    (int)param->value.len, param->value.bytes);
	}
	assert_string_equal(raw, left);
	assert_string_equal(said.data == NULL ? "" : said.data, expected);
	buf_release(&said);
	target_release(&target);
}

TEST(the_library_gets_the_path_and_an_empty_query)
{
	assert_target("/a", "/a", "");
	assert_target("/a?", "/a?", "");
	assert_target("/a?b", "/a?", "b= ");
	assert_target("/a?b=1&c=2", "/a?", "b=1 c=2 ");
	assert_target("?", "?", "");
	assert_target("", "", "");
}

TEST(a_parameter_ends_at_the_next_ampersand_and_its_name_at_the_first_sign)
{
	assert_target("/a?b=1=2?3&&b=4&c&d=&e", "/a?", "b=1=2?3 b=4 c= d= e= ");
	assert_target("/a?=1&&=", "/a?", "");
	assert_target("/a?b&", "/a?", "b= ");
}

TEST(a_parameter_is_decoded_in_name_and_value)
{
	assert_target("/a%20b?c%3dd=e+f%26g%2B&h%c3%A9=%25", "/a%20b?", "c=d=e f&g+ h\xc3\xa9=% ");
}

TEST(what_is_no_escape_stays_as_it_is_and_is_not_usable)
{
	assert_target("/a?b=%zz&c=%4", "/a?", "b=%zz c=%4 ");
	init("/a?b=%zz");
	assert_false(target.usable);
	target_release(&target);
}

static bool is_usable(const char *text)
{
	bool usable;

	init(text);
	usable = target.usable;
	target_release(&target);
	return usable;
}

TEST(only_visible_ascii_and_honest_escapes_are_usable)
{
	assert_true(is_usable("/a%20b?c=%2f%c3%a9"));
	assert_false(is_usable("/a%00"));
	assert_false(is_usable("/a%2Fb"));
	assert_false(is_usable("/a%5cb"));
	assert_false(is_usable("/a?b=%00"));
	assert_false(is_usable("/a b"));
	assert_false(is_usable("/\xc3\xa9"));
	assert_false(is_usable("/a?b=\x7f"));
	assert_false(is_usable("/a?b=\x01"));
}

static void assert_host(const char *text, const char *host, const char *path)
{
	init(text);
	assert_true(target.usable);
	assert_string_equal(target.host, host);
	assert_string_equal(raw + target.prefix, path);
	target_release(&target);
	assert_null(target.host);
}

TEST(a_target_may_name_its_host)
{
	assert_host("http://a/b?c=d", "a", "/b?");
	assert_host("HTTPS://a.example:8000/b", "a.example:8000", "/b");
	assert_host("http://[::1]:80?c", "[::1]:80", "?");
	assert_host("http://a", "a", "");
	assert_host("http://a/http://b/", "a", "/http://b/");
}

TEST(a_path_names_no_host)
{
	init("/http://a/b");
	assert_null(target.host);
	assert_int_equal(target.prefix, 0);
	target_release(&target);
	init("a/http://b/");
	assert_null(target.host);
	target_release(&target);
}

TEST(a_host_that_is_none_makes_a_target_unusable)
{
	assert_false(is_usable("http://"));
	assert_false(is_usable("http:///b"));
	assert_false(is_usable("http://?b"));
	assert_false(is_usable("http://u@a/b"));
	assert_false(is_usable("http://a%2eb/c"));
	assert_false(is_usable("http://a\"/b"));
}

TEST(as_many_parameters_as_may_be_are_kept_and_more_are_noticed)
{
	char text[4 + 2 * PARAMS_MAX + 4] = "/a?b";

	for (size_t i = 1; i < PARAMS_MAX; i++)
		strcat(text, "&b");
	init(text);
	assert_int_equal(target.params.count, PARAMS_MAX);
	assert_false(target.crowded);
	target_release(&target);
	strcat(text, "&&&c");
	init(text);
	assert_int_equal(target.params.count, PARAMS_MAX);
	assert_true(target.crowded);
	target_release(&target);
}

TEST(tokens_and_tickets_are_counted_however_they_are_spelled_and_wherever_they_stand)
{
	init("/a?token=x&Token=y&%74icket=z&a=token&b&b&b&b&b&b&b&b&b&b&b&b&b&token");
	assert_int_equal(target.tokens, 3);
	target_release(&target);
	assert_int_equal(target.tokens, 0);
	assert_null(target.query);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_library_gets_the_path_and_an_empty_query),
		cmocka_unit_test(
			a_parameter_ends_at_the_next_ampersand_and_its_name_at_the_first_sign),
		cmocka_unit_test(a_parameter_is_decoded_in_name_and_value),
		cmocka_unit_test(what_is_no_escape_stays_as_it_is_and_is_not_usable),
		cmocka_unit_test(only_visible_ascii_and_honest_escapes_are_usable),
		cmocka_unit_test(a_target_may_name_its_host),
		cmocka_unit_test(a_path_names_no_host),
		cmocka_unit_test(a_host_that_is_none_makes_a_target_unusable),
		cmocka_unit_test(as_many_parameters_as_may_be_are_kept_and_more_are_noticed),
		cmocka_unit_test(
			tokens_and_tickets_are_counted_however_they_are_spelled_and_wherever_they_stand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
