/* SPDX-License-Identifier: PostgreSQL */
#include "hub/jsontext.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* A copy of just its length, so that a sanitizer sees who reads on. */
static struct text exact_text(const char *c_string)
{
	size_t len = strlen(c_string);
	char *bytes = malloc(len + !len);

	assert_non_null(bytes);
	memcpy(bytes, c_string, len);
	return (struct text){bytes, len};
}

/* NULL has no bytes. */
static struct text nullable(const char *c_string)
{
	return c_string == NULL ? (struct text){NULL, 0} : exact_text(c_string);
}

static void forget(struct text t)
{
	free((char *)(uintptr_t)t.bytes);
}

/* Each member as `name=value;`. */
static void assert_members(const char *object, const char *expected)
{
	struct text text = exact_text(object);
	struct jsontext walk = jsontext_open(text);
	struct jsontext_member member;
	struct buf out;

	buf_init(&out);
	buf_append_str(&out, "");
	while (jsontext_next(&walk, &member)) {
		assert_true(member.name.bytes > text.bytes);
		assert_true(member.value.bytes + member.value.len < text.bytes + text.len);
		buf_append(&out, member.name.bytes, member.name.len);
		buf_append_char(&out, '=');
		buf_append(&out, member.value.bytes, member.value.len);
		buf_append_char(&out, ';');
	}
	assert_false(jsontext_next(&walk, &member)); /* the end stays the end */
	if (out.len != strlen(expected) || memcmp(out.data, expected, out.len) != 0)
		fail_msg("'%.*s' is not '%s'", (int)out.len, out.data, expected);
	buf_release(&out);
	forget(text);
}

TEST(members_come_one_after_the_other)
{
	assert_members("{\"a\": 1}", "\"a\"=1;");
	assert_members("{\"a\": 1, \"b\": \"x\", \"c\": null, \"d\": true}",
		       "\"a\"=1;\"b\"=\"x\";\"c\"=null;\"d\"=true;");
	assert_members("{\"a\": 1, \"a\": 2}", "\"a\"=1;\"a\"=2;");
}

TEST(blanks_between_tokens_may_be_left_out)
{
	assert_members("{\"a\":1,\"b\":{\"c\":[1,2]},\"d\":\"x\"}",
		       "\"a\"=1;\"b\"={\"c\":[1,2]};\"d\"=\"x\";");
}

TEST(numbers_keep_every_digit)
{
	assert_members("{\"a\": -0.50, \"b\": 1.00, \"c\": 123456789012345678901234567890.10}",
		       "\"a\"=-0.50;\"b\"=1.00;\"c\"=123456789012345678901234567890.10;");
}

TEST(what_is_nested_is_one_value)
{
	assert_members("{\"a\": {\"b\": {\"c\": 1, \"d\": [2, {\"e\": 3}]}}, \"f\": 4}",
		       "\"a\"={\"b\": {\"c\": 1, \"d\": [2, {\"e\": 3}]}};\"f\"=4;");
	assert_members("{\"a\": [[], [1, [2]], {}], \"b\": {}, \"c\": []}",
		       "\"a\"=[[], [1, [2]], {}];\"b\"={};\"c\"=[];");
}

TEST(brackets_and_commas_in_a_text_are_text)
{
	assert_members("{\"a\": \"},{[]:\", \"b\": [\"]\", \"}\"], \"c\": {\"}\": \"{\"}}",
		       "\"a\"=\"},{[]:\";\"b\"=[\"]\", \"}\"];\"c\"={\"}\": \"{\"};");
}

TEST(escaped_quotes_and_backslashes_do_not_end_a_text)
{
	assert_members("{\"a\": \"x\\\"y\", \"b\": 1}", "\"a\"=\"x\\\"y\";\"b\"=1;");
	assert_members("{\"a\": \"x\\\\\", \"b\": 1}", "\"a\"=\"x\\\\\";\"b\"=1;");
	assert_members("{\"a\": \"\\\\\\\"\", \"b\": \"\\\\\\\\\"}",
		       "\"a\"=\"\\\\\\\"\";\"b\"=\"\\\\\\\\\";");
	assert_members("{\"a\": [\"\\\"]\", \"\\\\\"], \"b\": \"\\u0022, \\n\"}",
		       "\"a\"=[\"\\\"]\", \"\\\\\"];\"b\"=\"\\u0022, \\n\";");
}

TEST(a_name_may_be_any_text)
{
	assert_members("{\"\": 1, \"a\\\"b\": 2, \"c\\\\\": 3, \"d: 4, \": 5, \"{é}\": 6}",
		       "\"\"=1;\"a\\\"b\"=2;\"c\\\\\"=3;\"d: 4, \"=5;\"{é}\"=6;");
}

TEST(an_empty_object_has_none)
{
	assert_members("{}", "");
	assert_members("{ }", "");
}

TEST(what_is_no_object_has_none)
{
	static const char *const others[] = {
		"", "{", "5", "null", "true", "\"\"", "\"{\\\"a\\\": 1}\"", "[]", "[{\"a\": 1}]"};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_members(others[i], "");
}

/* No text that PostgreSQL prints: nothing is promised but an end, and no step beyond it. */
TEST(a_text_that_breaks_off_ends_the_walk)
{
	static const char whole[] = "{\"a\\\"\": [1, {\"b\": \"x\\\\\"}], \"c\": 2}";
	struct jsontext_member member;

	for (size_t len = 0; len < sizeof(whole); len++) {
		char *cut = malloc(len + 1);
		struct jsontext walk;
		int steps = 0;

		assert_non_null(cut);
		memcpy(cut, whole, len);
		walk = jsontext_open((struct text){cut, len});
		while (jsontext_next(&walk, &member) && steps < 100)
			steps++;
		assert_true(steps <= 2);
		free(cut);
	}
}

static void assert_diff(const char *was, const char *now, const char *expected)
{
	struct text before = nullable(was), after = nullable(now);
	struct buf out;

	buf_init(&out);
	jsontext_append_diff(&out, before, after);
	assert_string_equal(out.data, expected);
	buf_release(&out);
	forget(before);
	forget(after);
}

TEST(what_differs_is_told_as_it_was)
{
	assert_diff("{\"a\": 1, \"b\": \"x\", \"c\": null}",
		    "{\"a\": 1, \"b\": \"y\", \"c\": null}",
		    "\"old\": {\"b\": \"x\"}, \"changed\": [\"b\"]");
	assert_diff("{\"a\": 1, \"b\": 2, \"c\": 3}", "{\"a\": 2, \"b\": 2, \"c\": null}",
		    "\"old\": {\"a\": 1, \"c\": 3}, \"changed\": [\"a\", \"c\"]");
	assert_diff("{\"a\": null}", "{\"a\": \"null\"}",
		    "\"old\": {\"a\": null}, \"changed\": [\"a\"]");
}

TEST(where_nothing_differs_nothing_is_told)
{
	assert_diff("{\"a\": 1, \"b\": [1, 2]}", "{\"a\": 1, \"b\": [1, 2]}",
		    "\"old\": {}, \"changed\": []");
	assert_diff("{}", "{}", "\"old\": {}, \"changed\": []");
}

TEST(without_the_old_row_old_is_null)
{
	assert_diff(NULL, "{\"a\": 1}", "\"old\": null, \"changed\": []");
	assert_diff(NULL, NULL, "\"old\": null, \"changed\": []");
}

TEST(without_the_new_row_old_is_all_of_it)
{
	assert_diff("{\"a\": 1, \"b\": {\"c\": 2}}", NULL,
		    "\"old\": {\"a\": 1, \"b\": {\"c\": 2}}, \"changed\": []");
}

TEST(a_column_that_has_joined_is_no_change)
{
	assert_diff("{\"a\": 1, \"c\": 3}", "{\"a\": 1, \"b\": 2, \"c\": 3}",
		    "\"old\": {}, \"changed\": []");
	assert_diff("{\"b\": 1}", "{\"a\": 0, \"b\": 2, \"c\": 3}",
		    "\"old\": {\"b\": 1}, \"changed\": [\"b\"]");
	assert_diff("{}", "{\"a\": 1}", "\"old\": {}, \"changed\": []");
}

TEST(a_column_that_has_left_is_one)
{
	assert_diff("{\"a\": 1, \"b\": 2, \"c\": 3}", "{\"a\": 1, \"c\": 3}",
		    "\"old\": {\"b\": 2}, \"changed\": [\"b\"]");
	assert_diff("{\"a\": 1, \"b\": 2, \"c\": 3}", "{\"b\": 2}",
		    "\"old\": {\"a\": 1, \"c\": 3}, \"changed\": [\"a\", \"c\"]");
	assert_diff("{\"a\": 1}", "{}", "\"old\": {\"a\": 1}, \"changed\": [\"a\"]");
}

TEST(the_order_of_columns_does_not_matter)
{
	assert_diff("{\"a\": 1, \"b\": 2, \"c\": 3, \"d\": 4}",
		    "{\"d\": 4, \"c\": 3, \"b\": 2, \"a\": 1}", "\"old\": {}, \"changed\": []");
	assert_diff("{\"a\": 1, \"b\": 2, \"c\": 3}", "{\"c\": 3, \"a\": 9, \"b\": 2}",
		    "\"old\": {\"a\": 1}, \"changed\": [\"a\"]");
}

TEST(a_number_of_another_scale_differs)
{
	assert_diff("{\"a\": 1.0, \"b\": 2}", "{\"a\": 1.00, \"b\": 2}",
		    "\"old\": {\"a\": 1.0}, \"changed\": [\"a\"]");
	assert_diff("{\"a\": 1}", "{\"a\": 12}", "\"old\": {\"a\": 1}, \"changed\": [\"a\"]");
	assert_diff("{\"a\": 12}", "{\"a\": 1}", "\"old\": {\"a\": 12}, \"changed\": [\"a\"]");
}

TEST(a_name_is_compared_whole)
{
	assert_diff("{\"a\\\"b\": 1, \"c\\\\\": 2}", "{\"a\\\"b\": 3, \"c\\\\\": 2}",
		    "\"old\": {\"a\\\"b\": 1}, \"changed\": [\"a\\\"b\"]");
	assert_diff("{\"a\": 1, \"aa\": 2}", "{\"aa\": 1, \"a\": 1}",
		    "\"old\": {\"aa\": 2}, \"changed\": [\"aa\"]");
	assert_diff("{\"\": 1}", "{\"\": 2}", "\"old\": {\"\": 1}, \"changed\": [\"\"]");
}

TEST(a_nested_value_differs_as_a_whole)
{
	assert_diff("{\"a\": {\"x\": 1, \"y\": [1, 2]}, \"b\": 1}",
		    "{\"a\": {\"x\": 1, \"y\": [1, 3]}, \"b\": 1}",
		    "\"old\": {\"a\": {\"x\": 1, \"y\": [1, 2]}}, \"changed\": [\"a\"]");
	/* a name deeper down is not one of the row's */
	assert_diff("{\"a\": {\"b\": 1}, \"b\": 2}", "{\"a\": {\"b\": 2}, \"b\": 2}",
		    "\"old\": {\"a\": {\"b\": 1}}, \"changed\": [\"a\"]");
}

TEST(it_is_appended_to_what_is_there)
{
	struct buf out;

	buf_init(&out);
	buf_append_str(&out, "{\"row\": 1, ");
	jsontext_append_diff(&out, (struct text){"{\"a\": 1}", 8}, (struct text){"{\"a\": 2}", 8});
	buf_append_char(&out, '}');
	assert_string_equal(out.data, "{\"row\": 1, \"old\": {\"a\": 1}, \"changed\": [\"a\"]}");
	buf_release(&out);
}

/* value -1: the name alone. */
static void append_member(char *row, bool more, int column, int value)
{
	char *end = row + strlen(row);

	end += sprintf(end, "%s\"c%d\"", more ? ", " : "", column);
	if (value >= 0)
		sprintf(end, ": %d", value);
}

/* Rows of the same columns in any order: only those whose values differ are told, in the order of
 * the old row. */
TEST(whatever_the_rows_the_diff_is_theirs)
{
	enum { COLUMNS = 6 };
	uint32_t seed = 20261122;

	for (int round = 0; round < 3000; round++) {
		int was[COLUMNS], now[COLUMNS], first = (int)(next_random(&seed) % COLUMNS);
		int told = 0;
		char before[200] = "{", after[200] = "{", old[200] = "", changed[200] = "";
		char expected[500];

		for (int i = 0; i < COLUMNS; i++) {
			was[i] = (int)(next_random(&seed) % 3);
			now[i] = (int)(next_random(&seed) % 3);
		}
		for (int i = 0; i < COLUMNS; i++) {
			int turned = (i + first) % COLUMNS;

			append_member(before, i > 0, i, was[i]);
			append_member(after, i > 0, turned, now[turned]);
			if (was[i] == now[i])
				continue;
			append_member(old, told > 0, i, was[i]);
			append_member(changed, told++ > 0, i, -1);
		}
		strcat(before, "}");
		strcat(after, "}");
		snprintf(expected, sizeof(expected), "\"old\": {%s}, \"changed\": [%s]", old,
			 changed);
		assert_diff(before, after, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_come_one_after_the_other),
		cmocka_unit_test(blanks_between_tokens_may_be_left_out),
		cmocka_unit_test(numbers_keep_every_digit),
		cmocka_unit_test(what_is_nested_is_one_value),
		cmocka_unit_test(brackets_and_commas_in_a_text_are_text),
		cmocka_unit_test(escaped_quotes_and_backslashes_do_not_end_a_text),
		cmocka_unit_test(a_name_may_be_any_text),
		cmocka_unit_test(an_empty_object_has_none),
		cmocka_unit_test(what_is_no_object_has_none),
		cmocka_unit_test(a_text_that_breaks_off_ends_the_walk),
		cmocka_unit_test(what_differs_is_told_as_it_was),
		cmocka_unit_test(where_nothing_differs_nothing_is_told),
		cmocka_unit_test(without_the_old_row_old_is_null),
		cmocka_unit_test(without_the_new_row_old_is_all_of_it),
		cmocka_unit_test(a_column_that_has_joined_is_no_change),
		cmocka_unit_test(a_column_that_has_left_is_one),
		cmocka_unit_test(the_order_of_columns_does_not_matter),
		cmocka_unit_test(a_number_of_another_scale_differs),
		cmocka_unit_test(a_name_is_compared_whole),
		cmocka_unit_test(a_nested_value_differs_as_a_whole),
		cmocka_unit_test(it_is_appended_to_what_is_there),
		cmocka_unit_test(whatever_the_rows_the_diff_is_theirs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
