/* SPDX-License-Identifier: PostgreSQL */
#include "auth/json.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "json_cases.h"

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
		assert_int_equal(taken(text, 2 * depth + 1), depth <= JSON_DEPTH_MAX);
	}
}

TEST(what_only_looks_like_json_is_refused)
{
	static const char *const bad[] = {
		"[1,]",   "{\"a\":1,}", "{a:1}",          "[01]",       "[1 2]",  "{\"a\" 1}",
		"[.5]",   "[+1]",       "[0x10]",         "[TRUE]",     "[Null]", "[undefined]",
		"/**/[]", "[]//",       "[\"\\x\"]",      "[\"\xff\"]", "['a']",  "x",
		"]",      ",",          "\xef\xbb\xbf{}", "[--1]",      "[1-2]",
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
	static const char *const good[] = {"{\"a\":{\"a\":\":\"},\"b\":[{\"a\":1},{\"a\":1}]}",
					   "{\"a\":1,\"A\":1}"};

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

static bool is_null(const struct json_case *c)
{
	return c->len == 4 && memcmp(c->bytes, "null", 4) == 0;
}

/* json-c, of whatever version, takes what is proved, and prints what it reads as the same again. */
TEST(the_library_takes_what_the_grammar_takes)
{
	for (size_t i = 0; i < ARRAY_SIZE(json_cases); i++) {
		const struct json_case *c = &json_cases[i];
		struct json_object *value = json_parse(c->bytes, c->len), *again;
		const char *printed;

		if ((value != NULL) != (c->taken && !is_null(c)))
			fail_msg("%s: should be %s", c->name, c->taken ? "taken" : "refused");
		printed = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
		again = json_parse(printed, strlen(printed));
		if (!json_object_equal(value, again))
			fail_msg("%s: is another one when printed: %s", c->name, printed);
		json_object_put(value);
		json_object_put(again);
	}
}

static void assert_member(struct json_object *object, const char *name, const char *expected)
{
	struct json_object *value;

	assert_true(json_object_object_get_ex(object, name, &value));
	assert_string_equal(json_object_get_string(value), expected);
}

/* json-c 0.18 and 0.19 refuse each byte over 0x7f when they are asked to be strict. */
TEST(letters_that_are_not_ascii_arrive_as_they_are)
{
	static const char text[] = "{\"name\":\"Jo\xc3\xa3o\",\"\xe6\x97\xa5\":"
				   "\"\xf0\x9f\x98\x80\",\"\\u00e3\":\"\\ud83d\\ude00\"}";
	struct json_object *value = json_parse(text, strlen(text));

	assert_non_null(value);
	assert_int_equal(json_object_object_length(value), 3);
	assert_member(value, "name", "Jo\xc3\xa3o");
	assert_member(value, "\xe6\x97\xa5", "\xf0\x9f\x98\x80");
	assert_member(value, "\xc3\xa3", "\xf0\x9f\x98\x80");
	json_object_put(value);
}

/* Levels of both kinds, and in the innermost one a scalar, or nothing. */
TEST(the_library_goes_as_deep_as_the_grammar)
{
	static const char *const opens[] = {"[", "{\"a\":"}, *const closes[] = {"]", "}"};
	static const char *const innermost[] = {"[]", "{}", "[1]", "{\"b\":\"x\"}", "[null,\"\"]"};

	for (size_t i = 0; i < 2 * ARRAY_SIZE(innermost); i++) {
		char text[200] = "";

		for (int level = 1; level < JSON_DEPTH_MAX; level++)
			strcat(text, opens[i % 2]);
		strcat(text, innermost[i / 2]);
		for (int level = 1; level < JSON_DEPTH_MAX; level++)
			strcat(text, closes[i % 2]);
		if (!taken(text, strlen(text)))
			fail_msg("refused: %s", text);
	}
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
		cmocka_unit_test(the_library_takes_what_the_grammar_takes),
		cmocka_unit_test(letters_that_are_not_ascii_arrive_as_they_are),
		cmocka_unit_test(the_library_goes_as_deep_as_the_grammar),
		cmocka_unit_test(a_secret_text_is_read_as_any_other),
		cmocka_unit_test(scalars_have_the_text_that_postgresql_has_for_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
