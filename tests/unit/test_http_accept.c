/* SPDX-License-Identifier: PostgreSQL */
#include "http/accept.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

static enum accept_type chosen(const char *value)
{
	struct accept a = {.gzip = {.named = false}};

	accept_read(&a, value);
	return accept_choose(&a);
}

static bool zipped(const char *value)
{
	struct accept a = {.gzip = {.named = false}};

	accept_read_encoding(&a, value);
	return accept_gzip(&a);
}

TEST(who_asks_for_nothing_that_there_is_gets_a_stream_as_ever)
{
	struct accept nothing = {.gzip = {.named = false}};

	assert_int_equal(accept_choose(&nothing), ACCEPT_EVENTS);
	assert_false(accept_gzip(&nothing));
	assert_int_equal(chosen(""), ACCEPT_EVENTS);
	assert_int_equal(chosen("*/*"), ACCEPT_EVENTS);
	assert_int_equal(chosen("text/html"), ACCEPT_EVENTS);
	assert_int_equal(chosen("image/png;q=0"), ACCEPT_EVENTS);
	assert_int_equal(chosen("text/html,application/xhtml+xml,application/xml;q=0.9,image/"
				"avif,*/*;q=0.8"),
			 ACCEPT_EVENTS);
	assert_int_equal(chosen("text/event-stream;q=0"), ACCEPT_EVENTS);
	assert_int_equal(chosen("application/json;q=0"), ACCEPT_EVENTS);
}

TEST(a_form_is_had_by_its_name_in_any_case)
{
	assert_int_equal(chosen("text/event-stream"), ACCEPT_EVENTS);
	assert_int_equal(chosen("application/x-ndjson"), ACCEPT_LINES);
	assert_int_equal(chosen("application/json"), ACCEPT_PAGE);
	assert_int_equal(chosen("Application/JSON"), ACCEPT_PAGE);
	assert_int_equal(chosen(" ,, application/json ; charset=utf-8"), ACCEPT_PAGE);
	assert_int_equal(chosen("application/jsonx"), ACCEPT_EVENTS);
	assert_int_equal(chosen("application/jso"), ACCEPT_EVENTS);
}

TEST(the_highest_quality_decides)
{
	assert_int_equal(chosen("application/json;q=0.5, application/x-ndjson"), ACCEPT_LINES);
	assert_int_equal(chosen("application/json;q=0.5, application/x-ndjson;q=0.499"),
			 ACCEPT_PAGE);
	assert_int_equal(chosen("text/event-stream;q=0.9, application/json"), ACCEPT_PAGE);
	assert_int_equal(chosen("text/event-stream, application/json;Q=0.9"), ACCEPT_EVENTS);
	assert_int_equal(chosen("application/json;level=1;q=0.1, application/x-ndjson;q=0.2"),
			 ACCEPT_LINES);
	assert_int_equal(chosen("application/json;q=1.000, text/event-stream;q=0.999"),
			 ACCEPT_PAGE);
}

TEST(of_equal_qualities_the_one_named_more_exactly_decides_then_the_stream)
{
	assert_int_equal(chosen("application/json, text/plain, */*"),
			 ACCEPT_PAGE); /* as axios asks */
	assert_int_equal(chosen("application/json, text/event-stream"), ACCEPT_EVENTS);
	assert_int_equal(chosen("application/json, application/x-ndjson"), ACCEPT_LINES);
	assert_int_equal(chosen("application/*"), ACCEPT_LINES);
	assert_int_equal(chosen("application/*, application/json"), ACCEPT_PAGE);
	assert_int_equal(chosen("text/*, */*"), ACCEPT_EVENTS);
}

TEST(the_quality_of_a_type_is_that_of_its_most_exact_name)
{
	assert_int_equal(chosen("application/*, application/x-ndjson;q=0.1"), ACCEPT_PAGE);
	assert_int_equal(chosen("*/*, text/event-stream;q=0.1, application/x-ndjson;q=0.1"),
			 ACCEPT_PAGE);
	assert_int_equal(chosen("text/event-stream;q=0, */*"), ACCEPT_LINES);
}

TEST(what_is_malformed_names_nothing)
{
	static const char *const bad[] = {"q=2", "q=1.001", "q=-1",   "q=.5", "q=0.5000",
					  "q=",  "q=x",     "q=0.5x", "q=00"};
	char value[80];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(value, sizeof(value), "application/json;%s", bad[i]);
		assert_int_equal(chosen(value), ACCEPT_EVENTS);
	}
}

TEST(a_comma_in_quotes_is_none)
{
	assert_int_equal(chosen("a/b;c=\"x, application/json\""), ACCEPT_EVENTS);
	assert_int_equal(chosen("a/b;c=\"x\\\", application/json\""), ACCEPT_EVENTS);
	assert_int_equal(chosen("a/b;c=\"x\", application/json"), ACCEPT_PAGE);
	assert_int_equal(chosen("a/b;c=\"x, application/json\\"), ACCEPT_EVENTS); /* never closed */
}

TEST(fields_that_come_twice_are_one_list)
{
	struct accept a = {.gzip = {.named = false}};

	accept_read(&a, "text/event-stream;q=0.2");
	accept_read(&a, "application/x-ndjson;q=0.3");
	accept_read_encoding(&a, "br");
	accept_read_encoding(&a, "gzip");
	assert_int_equal(accept_choose(&a), ACCEPT_LINES);
	assert_true(accept_gzip(&a));
}

TEST(gzip_is_had_where_it_is_named_and_wanted)
{
	assert_true(zipped("gzip"));
	assert_true(zipped("gzip, deflate, br"));
	assert_true(zipped("deflate, X-GZIP;q=0.1"));
	assert_true(zipped("gzip;q=1.0, identity;q=0.5"));
	assert_true(zipped("identity, gzip"));
	assert_false(zipped(""));
	assert_false(zipped("*"));
	assert_false(zipped("br, deflate"));
	assert_false(zipped("gzip;q=0"));
	assert_false(zipped("gzip;q=0.000, *"));
	assert_false(zipped("gzip;q=0.5, identity"));
	assert_false(zipped("gzipped"));
	assert_false(zipped("gzip;q=7"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_asks_for_nothing_that_there_is_gets_a_stream_as_ever),
		cmocka_unit_test(a_form_is_had_by_its_name_in_any_case),
		cmocka_unit_test(the_highest_quality_decides),
		cmocka_unit_test(
			of_equal_qualities_the_one_named_more_exactly_decides_then_the_stream),
		cmocka_unit_test(the_quality_of_a_type_is_that_of_its_most_exact_name),
		cmocka_unit_test(what_is_malformed_names_nothing),
		cmocka_unit_test(a_comma_in_quotes_is_none),
		cmocka_unit_test(fields_that_come_twice_are_one_list),
		cmocka_unit_test(gzip_is_had_where_it_is_named_and_wanted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
