/* SPDX-License-Identifier: PostgreSQL */
#include "http/pathquery.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#include "unit.h"

/* expected: the path, then each parameter as "name=value", joined by blanks; NULL: it is refused. */
static void assert_read(const char *target, const char *expected)
{
	struct pathquery p;
	struct buf said;
	bool good = pathquery_read(&p, target);

	buf_init(&said);
	buf_append_str(&said, p.path);
	for (size_t i = 0; i < p.query.count; i++) {
		const struct param *param = &p.query.items[i];

		buf_appendf(&said, " %.*s=%.*s", (int)param->name.len, param->name.bytes, (int)param->value.len, param->value.bytes);
	}
	assert_int_equal(good, expected != NULL);
	if (expected != NULL)
		assert_string_equal(said.data, expected);
	buf_release(&said);
	pathquery_release(&p);
}

TEST(a_path_may_have_a_query)
{
	assert_read("/", "/");
	assert_read("/a/b", "/a/b");
	assert_read("/a?", "/a");
	assert_read("/a?b=1", "/a b=1");
	assert_read("/a?b=1&c&d=", "/a b=1 c= d=");
	assert_read("/a?b=1=2?3&&b=4", "/a b=1=2?3 = b=4");
}

TEST(what_is_percent_encoded_is_decoded_once)
{
	assert_read("/a%20b?c%3d=%26d+e%2Bf%2525", "/a b c==&d e+f%25");
	assert_read("/a+b?c=%C3%A9", "/a+b c=\xc3\xa9");
}

TEST(what_a_server_would_refuse_is_refused)
{
	assert_read("", NULL);
	assert_read("a", NULL);
	assert_read("?a=1", NULL);
	assert_read("/a b", NULL);
	assert_read("/\xc3\xa9", NULL);
	assert_read("/a%zz", NULL);
	assert_read("/a%00", NULL);
	assert_read("/a%2Fb", NULL);
	assert_read("/a?b=%", NULL);
}

TEST(there_is_room_for_so_many_parameters)
{
	struct buf target;

	buf_init(&target);
	buf_append_str(&target, "/a?");
	for (int i = 0; i < PARAMS_MAX; i++)
		buf_append_str(&target, "x&");
	assert_read(target.data, "/a x= x= x= x= x= x= x= x= x= x= x= x= x= x= x= x=");
	buf_append_str(&target, "x");
	assert_read(target.data, NULL);
	buf_release(&target);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_may_have_a_query),
		cmocka_unit_test(what_is_percent_encoded_is_decoded_once),
		cmocka_unit_test(what_a_server_would_refuse_is_refused),
		cmocka_unit_test(there_is_room_for_so_many_parameters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
