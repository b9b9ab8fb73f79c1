/* SPDX-License-Identifier: PostgreSQL */
#include "http/pathquery.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "hub/frame.h"

#include "unit.h"

/* expected: the path, then each parameter as "name=value", joined by blanks. */
static void assert_read(const char *target, const char *expected)
{
	struct pathquery p;
	struct buf said;

	assert_int_equal(pathquery_read(&p, text_of(target)), PATHQUERY_GOOD);
	buf_init(&said);
	buf_append_str(&said, p.path);
	for (size_t i = 0; i < p.query.count; i++) {
		const struct param *param = &p.query.items[i];

		buf_appendf(&said, " %.*s=%.*s", (int)param->name.len, param->name.bytes,
			    (int)param->value.len, param->value.bytes);
	}
	assert_string_equal(said.data, expected);
	buf_release(&said);
	pathquery_release(&p);
}

static void assert_fault(const char *target, enum pathquery_fault expected)
{
	struct pathquery p;

	assert_int_equal(pathquery_read(&p, text_of(target)), expected);
	pathquery_release(&p);
}

TEST(a_path_may_have_a_query)
{
	assert_read("/", "/");
	assert_read("/a/b", "/a/b");
	assert_read("/a?", "/a");
	assert_read("/a?b=1", "/a b=1");
	assert_read("/a?b=1&c&d=", "/a b=1 c= d=");
	assert_read("/a?b=1=2?3&&b=4", "/a b=1=2?3 b=4");
	assert_read("", "");
	assert_read("a", "a");
}

TEST(a_parameter_without_a_name_is_as_if_it_were_not_there)
{
	assert_read("/a?=1&&=", "/a");
	assert_read("/a?&&&&&&&&&&&&&&&&&&&&b", "/a b=");
}

TEST(a_target_ends_where_its_text_does)
{
	struct pathquery p;

	assert_int_equal(pathquery_read(&p, (struct text){"/a?b=12%", 7}), PATHQUERY_GOOD);
	assert_string_equal(p.path, "/a");
	assert_string_equal(p.query.items[0].value.bytes, "12");
	pathquery_release(&p);
}

TEST(what_is_percent_encoded_is_decoded_once)
{
	assert_read("/a%20b?c%3d=%26d+e%2Bf%2525", "/a b c==&d e+f%25");
	assert_read("/a+b?c=%C3%A9", "/a+b c=\xc3\xa9");
	assert_read("/a b/\xc3\xa9?\xc3\xa9=%25 1%2f%5C", "/a b/\xc3\xa9 \xc3\xa9=% 1/\\");
}

TEST(an_escape_that_is_none_or_hides_something_is_refused)
{
	static const char *const bad[] = {"/%",      "/a%2",     "/a%zz", "/a%2%30", "/a%00",
					  "/a%2Fb",  "/a%2f",    "/%5c",  "/a%5C",   "/a?b=%",
					  "/a?%4=b", "/a?b=%00", "%"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fault(bad[i], PATHQUERY_ESCAPE);
}

TEST(texts_are_utf8)
{
	static const char *const bad[] = {"/\xe9",     "/%e9",    "/a?%ff=1",  "/a?b=%c0%80",
					  "/a?b=\xff", "/a?=%ff", "/%c3?b=%a9"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_fault(bad[i], PATHQUERY_TEXT);
}

TEST(there_is_room_for_so_many_parameters)
{
	struct buf target, said;

	buf_init(&target);
	buf_init(&said);
	buf_append_str(&target, "/a?");
	buf_append_str(&said, "/a");
	for (int i = 0; i < PARAMS_MAX; i++) {
		buf_append_str(&target, "x&");
		buf_append_str(&said, " x=");
	}
	assert_read(target.data, said.data);
	buf_append_str(&target, "x");
	assert_fault(target.data, PATHQUERY_ROOM);
	buf_release(&target);
	buf_release(&said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_may_have_a_query),
		cmocka_unit_test(a_parameter_without_a_name_is_as_if_it_were_not_there),
		cmocka_unit_test(a_target_ends_where_its_text_does),
		cmocka_unit_test(what_is_percent_encoded_is_decoded_once),
		cmocka_unit_test(an_escape_that_is_none_or_hides_something_is_refused),
		cmocka_unit_test(texts_are_utf8),
		cmocka_unit_test(there_is_room_for_so_many_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
