/* SPDX-License-Identifier: PostgreSQL */
#include "base/json_grammar.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/json_number.h"
#include "base/xalloc.h"
#include "json_cases.h"

#include "unit.h"

#define DEPTH 16

/* The bytes are copied to just their length, so that the sanitizer sees who reads on. */
static bool holds(const char *bytes, size_t len, size_t depth)
{
	char *copy = xmalloc(len > 0 ? len : 1);
	bool good;

	memcpy(copy, bytes, len);
	good = json_grammar_holds(copy, len, depth);
	free(copy);
	return good;
}

TEST(each_case_is_decided_as_the_table_says)
{
	for (size_t i = 0; i < ARRAY_SIZE(json_cases); i++) {
		const struct json_case *c = &json_cases[i];

		if (holds(c->bytes, c->len, DEPTH) != c->taken)
			fail_msg("%s: should be %s", c->name, c->taken ? "taken" : "refused");
	}
}

/* A bare number may be cut and be one still; all else ends with its last byte. */
TEST(no_beginning_of_a_text_is_a_text)
{
	for (size_t i = 0; i < ARRAY_SIZE(json_cases); i++) {
		const struct json_case *c = &json_cases[i];

		if (!c->taken || strchr("[{\"", c->bytes[0]) == NULL)
			continue;
		for (size_t len = strlen(c->bytes) - 2; len > 0; len--)
			if (holds(c->bytes, len, DEPTH))
				fail_msg("%s: taken as %zu bytes", c->name, len);
	}
}

/* Whatever byte stands in a string or between tokens: the rules of one byte, told in another way.
 */
TEST(each_byte_has_its_rule)
{
	for (int byte = 0; byte < 256; byte++) {
		char string[] = {'"', (char)byte, '"'}, between[] = {'[', (char)byte, ']'};
		char escape[] = {'"', '\\', (char)byte, '"'};
		bool blank = byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d;
		bool digit = byte >= '0' && byte <= '9';

		assert_int_equal(holds(string, 3, 0),
				 byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\');
		assert_int_equal(holds(between, 3, 1), blank || digit);
		assert_int_equal(holds(escape, 4, 0),
				 byte != 0 && strchr("\"\\/bfnrt", byte) != NULL);
	}
}

/* The text `open` so many times, then the middle, then `close`. */
static bool nest_holds(const char *open, const char *middle, const char *close, size_t count,
		       size_t depth)
{
	struct buf text;
	bool good;

	buf_init(&text);
	for (size_t i = 0; i < count; i++)
		buf_append_str(&text, open);
	buf_append_str(&text, middle);
	for (size_t i = 0; i < count; i++)
		buf_append_str(&text, close);
	good = holds(text.data, text.len, depth);
	buf_release(&text);
	return good;
}

TEST(depth_counts_the_arrays_and_objects_that_are_open_at_once)
{
	for (size_t depth = 1; depth < 40; depth++) {
		for (size_t count = 1; count < 45; count++) {
			assert_int_equal(nest_holds("[", "", "]", count, depth), count <= depth);
			assert_int_equal(nest_holds("[", "1", "]", count, depth), count <= depth);
			assert_int_equal(nest_holds("{\"a\":", "\"x\"", "}", count, depth),
					 count <= depth);
			assert_int_equal(nest_holds("[{\"a\":[]},", "1", "]", count, depth),
					 count + 2 <= depth);
		}
	}
}

TEST(depth_0_takes_scalars_only)
{
	assert_true(holds("1", 1, 0));
	assert_true(holds("\"[\"", 3, 0));
	assert_true(holds(" null ", 6, 0));
	assert_false(holds("[]", 2, 0));
	assert_false(holds("{}", 2, 0));
}

/* Side by side is not deeper. */
TEST(a_level_that_is_closed_is_free_again)
{
	assert_true(nest_holds("", "[[],[],[],[],{},{\"a\":1},{\"b\":1},[]]", "", 0, 2));
	assert_false(nest_holds("", "[[],[[]]]", "", 0, 2));
}

TEST(a_text_that_only_opens_costs_no_stack)
{
	size_t len = 1 << 20;
	char *text = xmalloc(len);

	memset(text, '[', len);
	assert_false(json_grammar_holds(text, len, DEPTH));
	for (size_t i = 0; i + 5 <= len; i += 5)
		memcpy(text + i, "{\"\":[", 5);
	assert_false(json_grammar_holds(text, len, DEPTH));
	free(text);
}

TEST(the_first_fault_is_told)
{
	static const struct {
		const char *text;
		enum json_fault fault;
	} cases[] = {
		{"[1,\"a\"]", JSON_FAULT_NONE},
		{"", JSON_FAULT_SYNTAX},
		{"[1,]", JSON_FAULT_SYNTAX},
		{"{\"a\":1", JSON_FAULT_SYNTAX},
		{"[01]", JSON_FAULT_SYNTAX},
		{"[1e]", JSON_FAULT_SYNTAX},
		{"\"\n\"", JSON_FAULT_SYNTAX},
		{"\"\\x\"", JSON_FAULT_SYNTAX},
		{"\"\xff\"", JSON_FAULT_UTF8},
		{"[\"\xed\xa0\x80\"]", JSON_FAULT_UTF8},
		{"{\"\xc0\xaf\":1}", JSON_FAULT_UTF8},
		{"\"\\u0000\"", JSON_FAULT_CHARACTER},
		{"\"\\ud800\"", JSON_FAULT_CHARACTER},
		{"{\"a\":1,\"\\u0061\":2}", JSON_FAULT_NAME_TWICE},
		{"[18446744073709551616]", JSON_FAULT_NUMBER},
		{"[1e309]", JSON_FAULT_NUMBER},
		{"[[[1]]]", JSON_FAULT_DEPTH},
		{"[[[", JSON_FAULT_DEPTH},
		{"[1e309,\"\xff\"]", JSON_FAULT_NUMBER},
		{"[\"\xff\",1e309]", JSON_FAULT_UTF8},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (json_grammar_fault(cases[i].text, strlen(cases[i].text), 2) != cases[i].fault)
			fail_msg("%s: not %d", cases[i].text, cases[i].fault);
}

/* {"<prefix>000000":0, "<prefix>000001":0, …}, in no order, and the last member as given. */
static void append_object(struct buf *out, size_t count, const char *prefix, const char *last)
{
	buf_append_char(out, '{');
	for (size_t i = 0; i < count; i++)
		buf_appendf(out, "\"%s%06zu\":0,", prefix, i * 7919 % count);
	buf_appendf(out, "%s}", last);
}

static bool object_holds(size_t count, const char *prefix, const char *last)
{
	struct buf text;
	bool good;

	buf_init(&text);
	append_object(&text, count, prefix, last);
	good = holds(text.data, text.len, DEPTH);
	buf_release(&text);
	return good;
}

TEST(one_name_of_thousands_that_is_there_twice_is_found)
{
	assert_true(object_holds(9973, "n", "\"z\":0"));
	assert_false(object_holds(9973, "n", "\"n000000\":0"));
	assert_false(object_holds(9973, "n", "\"n009972\":{}"));
	assert_false(object_holds(9973, "n", "\"\\u006e001234\":0"));
	assert_true(object_holds(9973, "n", "\"\\u006e01234\":0"));
	assert_true(object_holds(9973, "\\u0061", "\"b000001\":0"));
	assert_false(object_holds(9973, "\\u0061", "\"a000077\":0"));
}

/* Pairs would be 2 * 10^10 comparisons, minutes; it takes a tenth of a second. */
TEST(two_hundred_thousand_names_take_no_time_to_speak_of)
{
	clock_t begin = clock();

	assert_true(object_holds(200003, "", "\"z\":0"));
	assert_true(object_holds(200003, "\\n", "\"z\":0"));
	assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 10);
}

/* 2^1024 - 2^970 is halfway between the largest double and 2^1024, which is none: the least number
 * that rounds up. */
TEST(a_double_ends_where_it_rounds_to_infinity)
{
	static const char halfway[] =
		"17976931348623158079372897140530341507993413271003782693617377898044"
		"49682927647509466490179775872070963302864166928879109465555478519404"
		"02630657488671505820681908902000708383676273854845817711531764475730"
		"27006985557136695962284291481986083493647529271907416844436551070434"
		"2711559699508093042880177904174497792";
	char text[400];
	int len = snprintf(text, sizeof(text), "%s.0", halfway);

	assert_null(json_number_end(text, text + len));
	text[308]--; /* ...791.0 */
	assert_ptr_equal(json_number_end(text, text + len), text + len);
	len = snprintf(text, sizeof(text), "-0.%se309", halfway);
	assert_null(json_number_end(text, text + len));
	len = snprintf(text, sizeof(text), "%c.%.307se308", halfway[0], halfway + 1);
	assert_ptr_equal(json_number_end(text, text + len), text + len); /* ...790 */
}

/* What the C library reads as infinite is refused, and nothing else; half of the numbers are near
 * the border. */
TEST(the_c_library_agrees_where_a_double_ends)
{
	uint32_t seed = 20240601;
	char text[80];

	for (int round = 0; round < 200000; round++) {
		uint32_t a = next_random(&seed), b = next_random(&seed), c = next_random(&seed);
		int len = snprintf(text, sizeof(text), "%s%u", round % 2 ? "179769313486231" : "-",
				   a % 100000 + 1);
		int exponent = 308 - (len - 1 - (round + 1) % 2) + (int)(c % 3) - 1;
		bool infinite;

		len += snprintf(text + len, sizeof(text) - (size_t)len, ".%ue%d", b, exponent);
		infinite = isinf(strtod(text, NULL));
		if ((json_number_end(text, text + len) == NULL) != infinite)
			fail_msg("%s: infinite %d", text, infinite);
	}
}

TEST(a_number_is_read_to_its_end_and_no_further)
{
	static const char text[] = "-12.50e+3,1";

	assert_ptr_equal(json_number_end(text, text + 11), text + 9);
	assert_ptr_equal(json_number_end(text, text + 5), text + 5);
	assert_null(json_number_end(text, text + 4));
	assert_null(json_number_end(text, text + 7));
	assert_null(json_number_end(text, text));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_case_is_decided_as_the_table_says),
		cmocka_unit_test(no_beginning_of_a_text_is_a_text),
		cmocka_unit_test(each_byte_has_its_rule),
		cmocka_unit_test(depth_counts_the_arrays_and_objects_that_are_open_at_once),
		cmocka_unit_test(depth_0_takes_scalars_only),
		cmocka_unit_test(a_level_that_is_closed_is_free_again),
		cmocka_unit_test(a_text_that_only_opens_costs_no_stack),
		cmocka_unit_test(the_first_fault_is_told),
		cmocka_unit_test(one_name_of_thousands_that_is_there_twice_is_found),
		cmocka_unit_test(two_hundred_thousand_names_take_no_time_to_speak_of),
		cmocka_unit_test(a_double_ends_where_it_rounds_to_infinity),
		cmocka_unit_test(the_c_library_agrees_where_a_double_ends),
		cmocka_unit_test(a_number_is_read_to_its_end_and_no_further),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
