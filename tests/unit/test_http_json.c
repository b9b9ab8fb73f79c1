/* SPDX-License-Identifier: PostgreSQL */
#include "http/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#include "unit.h"

static bool taken(const char *bytes, size_t len)
{
	/* exactly as long as it is said to be, so that a byte too many is seen */
	char *copy = malloc(len + 1);
	struct json_object *value;

	memcpy(copy, bytes, len);
	copy[len] = '!';
	value = json_parse(copy, len);
	free(copy);
	json_object_put(value);
	return value != NULL;
}

#define assert_refused(text)                         \
	do {                                         \
		if (taken(text, strlen(text)))       \
			fail_msg("taken: %s", text); \
	} while (0)

TEST(objects_arrays_and_texts_are_taken)
{
	static const char *const good[] = {"{}",
					   "[]",
					   "\"x\"",
					   "{\"a\": [1, -2, 1.5, true, false, null, \"\xc3\xa4\"]}",
					   "{\"a\":{}} ",
					   "[\"\\u00e4\\n\"]",
					   "[\"a\\\"b'NaN\", \"\\\\\"]"};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (!taken(good[i], strlen(good[i])))
			fail_msg("refused: %s", good[i]);
}

TEST(nothing_may_follow_the_value)
{
	static const char *const bad[] = {"{}x",   "{}{}",   "[],",   "[]]",
					  "{}\n1", "\"a\"b", "{} //", "{}/**/"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i]);
}

TEST(a_nul_is_refused_wherever_it_stands)
{
	assert_false(taken("", 0));
	assert_false(taken("\0", 1));
	assert_false(taken("{}\0", 3));
	assert_false(taken("{}\0x", 4));
	assert_false(taken("{\"a\0b\":1}", 9));
	assert_false(taken("\0{}", 3));
}

TEST(half_a_character_that_is_spelled_out_is_refused)
{
	assert_refused("\"\\ud800\"");
	assert_refused("\"\\udc00\"");
	assert_refused("\"\\ud800x\"");
	assert_refused("\"\\ud800\\n\"");
	assert_refused("\"\\ud800\\ud800\"");
	assert_refused("\"\\ud800\\u0041\"");
	assert_refused("[\"\\uD800\"]");
	assert_refused("\"\\ud800\\udc0");
	assert_true(taken("[\"\\ud83d\\uDE00\"]", 16));
	assert_true(taken("[\"\\ud7ff\\ue000\"]", 16));
}

TEST(a_nul_that_is_spelled_out_is_refused)
{
	assert_refused("\"\\u0000\"");
	assert_refused("[\"a\\u0000b\"]");
	assert_refused("{\"sub\\u0000x\": \"7\"}");
	assert_refused("[\"\\\\\\u0000\"]");
	/* a backslash, and then nothing but letters */
	assert_true(taken("[\"\\\\u0000\"]", 11));
	assert_true(taken("[\"\\u0001\"]", 10));
}

TEST(what_is_not_whole_is_refused)
{
	static const char text[] = "{\"a\": [1, \"x\", {\"b\": null}]}";

	for (size_t len = 0; len < strlen(text); len++)
		assert_false(taken(text, len));
	assert_true(taken(text, strlen(text)));
}

TEST(depth_has_an_end)
{
	char text[2 * 1000 + 1];

	for (size_t depth = 1; depth < 1000; depth += depth < 20 ? 1 : 100) {
		memset(text, '[', depth);
		text[depth] = '1';
		memset(text + depth + 1, ']', depth);
		assert_int_equal(taken(text, 2 * depth + 1), depth < JSON_DEPTH_MAX);
	}
}

TEST(what_only_looks_like_json_is_refused)
{
	static const char *const bad[] = {
		"[1,]",	  "{\"a\":1,}", "{a:1}",	  "[01]",	"[1 2]",  "{\"a\" 1}",
		"[.5]",	  "[+1]",	"[0x10]",	  "[TRUE]",	"[Null]", "[undefined]",
		"/**/[]", "[]//",	"[\"\\x\"]",	  "[\"\xff\"]", "['a']",  "x",
		"]",	  ",",		"\xef\xbb\xbf{}", "[--1]",	"[1-2]",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i]);
}

TEST(a_name_in_single_quotes_is_refused)
{
	assert_refused("{'a':1}");
}

TEST(numbers_that_are_none_are_refused)
{
	assert_refused("[NaN]");
	assert_refused("[Infinity]");
	assert_refused("{\"a\":-Infinity}");
	assert_refused("[1.]");
}

TEST(control_characters_in_a_text_are_refused)
{
	assert_refused("[\"a\nb\"]");
	assert_refused("[\"a\tb\"]");
	assert_refused("{\"a\x01\":1}");
}

TEST(a_bare_number_or_word_is_a_value)
{
	assert_true(taken("1", 1));
	assert_true(taken("-1.5e3", 6));
	assert_true(taken("true", 4));
	assert_true(taken(" 1", 2));
}

TEST(a_name_that_is_there_twice_is_refused)
{
	static const char *const good[] = {"{\"a\":{\"a\":\":\"},\"b\":[{\"a\":1},{\"a\":1}]}", "{\"a\":1,\"A\":1}"};

	assert_refused("{\"a\":1,\"a\":1}");
	assert_refused("{\"a\":1,\"b\":2,\"a\":{}}");
	assert_refused("{\"a\":1,\"\\u0061\":1}");
	assert_refused("{\"\":1,\"\":1}");
	assert_refused("[[{\"x\":{\"a\":1,\"a\":1}}]]");
	assert_refused("{\"a\":1,\"a\":1,\"b\":\":\"}");
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(taken(good[i], strlen(good[i])));
	assert_true(taken("\"a:b\"", 5));
}

/* json-c would keep the nearest that fits. */
TEST(an_integer_of_more_than_64_bits_is_refused)
{
	assert_refused("18446744073709551616");
	assert_refused("[-9223372036854775809]");
	assert_refused("{\"exp\":100000000000000000000}");
	assert_true(taken("[18446744073709551615]", 22));
	assert_true(taken("[-9223372036854775808]", 22));
	assert_true(taken("[100000000000000000000.0]", 25));
	assert_true(taken("[1e30]", 6));
}

/* What is read as a secret is the same. */
TEST(a_secret_text_is_read_as_any_other)
{
	static const char text[] = "{\"k\":\"a secret\",\"more\":[\"\\u00e4\",1]}";
	struct json_object *value = json_parse_secret(text, strlen(text)), *k;

	assert_true(json_object_object_get_ex(value, "k", &k));
	assert_string_equal(json_object_get_string(k), "a secret");
	json_object_get(k);
	json_wipe(value); /* k alone is left, and nothing of its text */
	assert_string_equal(json_object_get_string(k), "");
	json_object_put(k);
	assert_null(json_parse_secret("{\"k\":1,\"k\":2}", 13));
	assert_null(json_parse_secret("{\"k\":", 5));
	assert_null(json_parse_secret("", 0));
	json_wipe(NULL);
}

static void assert_text(const char *json, const char *expected)
{
	struct json_object *array = json_parse(json, strlen(json));
	const char *text;

	assert_non_null(array);
	text = json_scalar_text(json_object_array_get_idx(array, 0));
	if (expected == NULL)
		assert_null(text);
	else
		assert_string_equal(text, expected);
	json_object_put(array);
}

TEST(scalars_have_the_text_that_postgresql_has_for_them)
{
	assert_text("[\"a b\"]", "a b");
	assert_text("[\"\"]", "");
	assert_text("[7]", "7");
	assert_text("[-9223372036854775808]", "-9223372036854775808");
	assert_text("[1.5]", "1.5");
	assert_text("[1.50]", "1.50"); /* numeric keeps its scale */
	assert_text("[true]", "true");
	assert_text("[false]", "false");
	assert_text("[null]", NULL);
	assert_text("[[7]]", NULL);
	assert_text("[{\"a\":7}]", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_arrays_and_texts_are_taken),
		cmocka_unit_test(nothing_may_follow_the_value),
		cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
		cmocka_unit_test(half_a_character_that_is_spelled_out_is_refused),
		cmocka_unit_test(a_nul_that_is_spelled_out_is_refused),
		cmocka_unit_test(what_is_not_whole_is_refused),
		cmocka_unit_test(depth_has_an_end),
		cmocka_unit_test(what_only_looks_like_json_is_refused),
		cmocka_unit_test(a_name_in_single_quotes_is_refused),
		cmocka_unit_test(numbers_that_are_none_are_refused),
		cmocka_unit_test(control_characters_in_a_text_are_refused),
		cmocka_unit_test(a_bare_number_or_word_is_a_value),
		cmocka_unit_test(a_name_that_is_there_twice_is_refused),
		cmocka_unit_test(an_integer_of_more_than_64_bits_is_refused),
		cmocka_unit_test(a_secret_text_is_read_as_any_other),
		cmocka_unit_test(scalars_have_the_text_that_postgresql_has_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
