/* SPDX-License-Identifier: PostgreSQL */
#include "pg/decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "temp.h"

/* tick, id, topic, event, audience, unless, data, key, row_now, row_was, bytes */
#define COLUMNS 11
#define DATA 6
#define KEY 7
#define NOW 8
#define WAS 9
#define BYTES 10

static struct decode decode;

static int start(void **state __attribute__((unused)))
{
	decode_init(&decode);
	return 0;
}

static int finish(void **state __attribute__((unused)))
{
	decode_release(&decode);
	return 0;
}

/* An empty result of so many binary columns; no server is needed for it. */
static PGresult *make_result(int columns)
{
	PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	PGresAttDesc attributes[COLUMNS] = {{.name = NULL}};
	static char name[] = "column";

	for (int i = 0; i < columns; i++)
		attributes[i] = (PGresAttDesc){.name = name, .format = 1, .typlen = -1};
	assert_int_equal(PQsetResultAttrs(res, columns, attributes), 1);
	return res;
}

static void set_bytes(PGresult *res, int column, const void *bytes, size_t len)
{
	assert_int_equal(PQsetvalue(res, 0, column, (char *)(uintptr_t)bytes, (int)len), 1);
}

static void set_text(PGresult *res, int column, const char *text)
{
	set_bytes(res, column, text, strlen(text));
}

static void set_null(PGresult *res, int column)
{
	assert_int_equal(PQsetvalue(res, 0, column, NULL, -1), 1);
}

static void set_nullable(PGresult *res, int column, const char *text)
{
	if (text == NULL)
		set_null(res, column);
	else
		set_text(res, column, text);
}

static void set_int8(PGresult *res, int column, int64_t n)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
	set_bytes(res, column, bytes, sizeof(bytes));
}

static void append_int4(struct buf *out, int32_t n)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		buf_append_char(out, (char)((uint32_t)n >> shift));
}

/* As array_send writes it; items end with "END", "NULL" is one. An empty array has no dimension. */
static void set_array(PGresult *res, int column, const char *const *items)
{
	struct buf out;
	int32_t count = 0;

	buf_init(&out);
	while (strcmp(items[count], "END") != 0)
		count++;
	append_int4(&out, count > 0);
	append_int4(&out, 0);
	append_int4(&out, 25);
	if (count > 0) {
		append_int4(&out, count);
		append_int4(&out, 1);
	}
	for (int32_t i = 0; i < count; i++) {
		bool null = strcmp(items[i], "NULL") == 0;

		append_int4(&out, null ? -1 : (int32_t)strlen(items[i]));
		buf_append_str(&out, null ? "" : items[i]);
	}
	set_bytes(res, column, out.data, out.len);
	buf_release(&out);
}

#define ITEMS(...) ((const char *const[]){__VA_ARGS__})

static PGresult *make_row(const char *const *audience, const char *const *unless)
{
	PGresult *res = make_result(COLUMNS);

	set_int8(res, 0, INT64_C(0x0102030405060708));
	set_int8(res, 1, 42);
	set_text(res, 2, "orders");
	set_text(res, 3, "insert");
	set_array(res, 4, audience);
	if (unless == NULL)
		set_null(res, 5);
	else
		set_array(res, 5, unless);
	set_text(res, DATA, "{\"a\": 1}");
	for (int i = KEY; i < COLUMNS; i++)
		set_null(res, i);
	return res;
}

static void assert_keys(struct keys keys, const char *const *expected)
{
	size_t i = 0;

	for (; strcmp(expected[i], "END") != 0; i++) {
		assert_true(i < keys.count);
		assert_true(text_is(keys.items[i], expected[i]));
	}
	assert_int_equal(keys.count, i);
}

TEST(a_row_is_an_event_that_points_into_the_result)
{
	PGresult *res =
		make_row(ITEMS("user_id=7", "", "store=a b", "END"), ITEMS("user_id=8", "END"));
	struct event e;

	assert_true(decode_event(&decode, res, &e));
	assert_true(e.at.tick == INT64_C(0x0102030405060708) && e.at.change == 42);
	assert_true(text_is(e.topic, "orders") && text_is(e.name, "insert") &&
		    text_is(e.data, "{\"a\": 1}"));
	assert_keys(e.audience, ITEMS("user_id=7", "", "store=a b", "END"));
	assert_keys(e.unless, ITEMS("user_id=8", "END"));
	assert_false(e.everyone);
	assert_ptr_equal(e.topic.bytes, PQgetvalue(res, 0, 2));
	assert_ptr_equal(e.data.bytes, PQgetvalue(res, 0, DATA));
	PQclear(res);
}

/* What becomes of the data of one row; texts may be NULL. */
static void assert_data(const char *data, const char *key, const char *now, const char *was,
			const char *expected)
{
	PGresult *res = make_row(ITEMS("END"), NULL);
	struct event e;

	set_text(res, DATA, data);
	set_nullable(res, KEY, key);
	set_nullable(res, NOW, now);
	set_nullable(res, WAS, was);
	assert_true(decode_event(&decode, res, &e));
	if (!text_is(e.data, expected))
		fail_msg("%.*s is not %s", (int)e.data.len, e.data.bytes, expected);
	PQclear(res);
}

TEST(an_insert_says_the_row)
{
	assert_data("{\"op\": \"insert\", \"table\": \"public.t\"}", "{\"id\": 1}",
		    "{\"a\": 2.50, \"id\": 1}", NULL,
		    "{\"op\": \"insert\", \"table\": \"public.t\", \"key\": {\"id\": 1}, "
		    "\"row\": {\"a\": 2.50, \"id\": 1}, \"old\": null, \"changed\": []}");
}

TEST(an_update_says_the_row_and_what_has_changed)
{
	assert_data("{\"op\": \"update\", \"table\": \"public.t\"}", "{\"id\": 1}",
		    "{\"a\": \"x\\\"\", \"b\": [1], \"id\": 1}",
		    "{\"a\": \"y\", \"b\": [1], \"id\": 0}",
		    "{\"op\": \"update\", \"table\": \"public.t\", \"key\": {\"id\": 1}, "
		    "\"row\": {\"a\": \"x\\\"\", \"b\": [1], \"id\": 1}, "
		    "\"old\": {\"a\": \"y\", \"id\": 0}, \"changed\": [\"a\", \"id\"]}");
}

/* Who gets the row now may not have been entitled to what it was. */
TEST(an_update_that_moves_the_row_says_nothing_of_the_old_one)
{
	assert_data("{\"op\": \"update\", \"table\": \"public.t\"}", "{\"id\": 1}",
		    "{\"a\": 1, \"id\": 1}", NULL,
		    "{\"op\": \"update\", \"table\": \"public.t\", \"key\": {\"id\": 1}, "
		    "\"row\": {\"a\": 1, \"id\": 1}, \"old\": null, \"changed\": []}");
}

TEST(a_delete_says_the_old_row)
{
	assert_data("{\"op\": \"delete\", \"table\": \"public.t\"}", "{\"id\": 1}", NULL,
		    "{\"a\": 2, \"id\": 1}",
		    "{\"op\": \"delete\", \"table\": \"public.t\", \"key\": {\"id\": 1}, "
		    "\"row\": null, \"old\": {\"a\": 2, \"id\": 1}, \"changed\": []}");
}

TEST(a_table_without_a_key_has_a_null_one)
{
	assert_data("{\"op\": \"insert\", \"table\": \"t\"}", NULL, "{}", NULL,
		    "{\"op\": \"insert\", \"table\": \"t\", \"key\": null, \"row\": {}, "
		    "\"old\": null, \"changed\": []}");
	assert_data("{\"op\": \"delete\", \"table\": \"t\"}", NULL, NULL, "{\"a\": 1}",
		    "{\"op\": \"delete\", \"table\": \"t\", \"key\": null, \"row\": null, "
		    "\"old\": {\"a\": 1}, \"changed\": []}");
}

TEST(data_of_a_rule_is_left_as_it_is)
{
	static const char *const rules[] = {"{\"a\":1}", "{}", "null", "[1, 2]", "5", "\"x\"", ""};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		assert_data(rules[i], NULL, NULL, NULL, rules[i]);
}

TEST(one_row_leaves_nothing_for_the_next)
{
	char data[4096] = "{\"op\": \"", expected[8192];

	memset(data + 8, 'x', sizeof(data) - 16);
	strcpy(data + sizeof(data) - 16, "\"}");
	snprintf(expected, sizeof(expected),
		 "%.*s, \"key\": {}, \"row\": null, \"old\": null, \"changed\": []}",
		 (int)strlen(data) - 1, data);
	for (int i = 0; i < 2; i++) {
		assert_data(data, "{}", NULL, NULL, expected);
		assert_data("{\"op\": 1}", NULL, "{}", NULL,
			    "{\"op\": 1, \"key\": null, \"row\": {}, \"old\": null, "
			    "\"changed\": []}");
		assert_data("1", NULL, NULL, NULL, "1");
	}
}

TEST(an_empty_audience_and_no_unless_are_nobody)
{
	PGresult *res = make_row(ITEMS("END"), NULL);
	struct event e;

	assert_true(decode_event(&decode, res, &e));
	assert_keys(e.audience, ITEMS("END"));
	assert_keys(e.unless, ITEMS("END"));
	assert_null(e.unless.items);
	assert_false(e.everyone);
	PQclear(res);
}

TEST(null_elements_are_left_out)
{
	PGresult *res = make_row(ITEMS("NULL", "a=1", "NULL", "b=2", "NULL", "END"),
				 ITEMS("NULL", "c=3", "END"));
	struct event e;

	assert_true(decode_event(&decode, res, &e));
	assert_keys(e.audience, ITEMS("a=1", "b=2", "END"));
	assert_keys(e.unless, ITEMS("c=3", "END"));
	PQclear(res);
	res = make_row(ITEMS("NULL", "END"), ITEMS("NULL", "NULL", "END"));
	assert_true(decode_event(&decode, res, &e));
	assert_int_equal(e.audience.count + e.unless.count, 0);
	assert_non_null(e.unless.items); /* there is one, though it names nobody */
	PQclear(res);
}

static bool is_for_everyone(const char *const *audience)
{
	PGresult *res = make_row(audience, NULL);
	struct event e;

	assert_true(decode_event(&decode, res, &e));
	PQclear(res);
	return e.everyone;
}

TEST(a_star_alone_is_everyone)
{
	assert_true(is_for_everyone(ITEMS("*", "END")));
	assert_false(is_for_everyone(ITEMS("*", "a=1", "END")));
	assert_false(is_for_everyone(ITEMS("**", "END")));
	assert_false(is_for_everyone(ITEMS("a=*", "END")));
	assert_false(is_for_everyone(ITEMS("", "END")));
}

/* The row says who it is for and something that is nobody's: not everyone. */
TEST(a_star_beside_a_null_is_not_alone)
{
	assert_false(is_for_everyone(ITEMS("*", "NULL", "END")));
	assert_false(is_for_everyone(ITEMS("NULL", "*", "END")));
}

TEST(room_for_keys_grows_and_is_used_again)
{
	const char *many[101], *few[51];
	PGresult *res;
	struct event e;
	size_t cap;

	for (int i = 0; i < 100; i++)
		many[i] = "user_id=7";
	for (int i = 0; i < 50; i++)
		few[i] = "user_id=8";
	many[100] = few[50] = "END";
	res = make_row(many, few);
	assert_true(decode_event(&decode, res, &e));
	assert_keys(e.audience, many);
	assert_keys(e.unless, few);
	PQclear(res);
	cap = decode.cap;
	res = make_row(few, many);
	assert_true(decode_event(&decode, res, &e));
	assert_keys(e.audience, few);
	assert_keys(e.unless, many);
	assert_int_equal(decode.cap, cap);
	PQclear(res);
}

TEST(what_is_left_out_says_its_length)
{
	PGresult *res = make_row(ITEMS("owner=ann", "END"), NULL);
	struct event e;

	set_null(res, DATA);
	set_int8(res, BYTES, 9000011);
	assert_true(decode_event(&decode, res, &e));
	assert_true(text_is(e.data, "{\"truncated\": true, \"bytes\": 9000011}"));
	assert_int_equal(e.left_out, 9000011);
	assert_true(text_is(e.name, "insert"));
	assert_keys(e.audience, ITEMS("owner=ann", "END"));
	assert_false(e.everyone);
	assert_false(decode_is_unreadable(res));
	PQclear(res);
}

TEST(what_cannot_be_read_is_a_bulk_for_everyone_on_its_topic)
{
	PGresult *res = make_row(ITEMS("END"), NULL);
	struct event e;

	for (int i = 3; i <= DATA; i++)
		set_null(res, i);
	set_int8(res, BYTES, -1);
	assert_true(decode_event(&decode, res, &e));
	assert_true(text_is(e.data, "{\"topic\": \"orders\", \"reason\": \"fault\"}"));
	assert_true(text_is(e.name, "bulk"));
	assert_true(e.everyone);
	assert_int_equal(e.unless.count, 0);
	assert_null(e.unless.items);
	assert_int_equal(e.left_out, 0);
	assert_true(decode_is_unreadable(res));
	PQclear(res);
}

TEST(a_long_row_leaves_no_room_after_it)
{
	PGresult *res = make_row(ITEMS("END"), NULL);
	char *text = malloc(1 << 20);
	struct event e;

	memset(text, '1', 1 << 20);
	set_bytes(res, NOW, text, 1 << 20);
	assert_true(decode_event(&decode, res, &e));
	assert_true(decode.data.cap > 1 << 20);
	set_text(res, NOW, "{}");
	assert_true(decode_event(&decode, res, &e));
	assert_true(decode.data.cap < 1 << 16);
	free(text);
	PQclear(res);
}

TEST(a_row_of_another_shape_is_refused)
{
	PGresult *res = make_result(COLUMNS - 1);
	struct event e;

	for (int i = 0; i < COLUMNS - 1; i++)
		set_text(res, i, "x");
	listen_start();
	assert_false(decode_event(&decode, res, &e));
	listen_stop();
	assert_non_null(strstr(said, "has not the shape"));
	PQclear(res);
	res = make_row(ITEMS("END"), NULL);
	PQsetvalue(res, 0, 2, NULL, -1);
	listen_start();
	assert_false(decode_event(&decode, res, &e));
	listen_stop();
	assert_non_null(strstr(said, "has not the shape"));
	PQclear(res);
}

TEST(numbers_and_booleans_are_read_as_the_server_sends_them)
{
	static const int64_t numbers[] = {0, 1, -1, INT64_MAX, INT64_MIN, 256};
	PGresult *res = make_result(1);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		set_int8(res, 0, numbers[i]);
		assert_true(decode_int8(res, 0) == numbers[i]);
	}
	set_bytes(res, 0, "\0\0\0\7", 4); /* an int4 is none */
	assert_true(decode_int8(res, 0) == 0);
	assert_false(decode_bool(res, 0));
	set_bytes(res, 0, "\1", 1);
	assert_true(decode_bool(res, 0));
	set_bytes(res, 0, "\0", 1);
	assert_false(decode_bool(res, 0));
	PQsetvalue(res, 0, 0, NULL, -1);
	assert_true(decode_int8(res, 0) == 0);
	assert_false(decode_bool(res, 0));
	assert_int_equal(decode_text(res, 0).len, 0);
	PQclear(res);
}

TEST(strings_are_copies)
{
	PGresult *res = make_result(1);
	char **strings;
	size_t count = 99;

	PQsetvalue(res, 0, 0, NULL, -1);
	assert_null(decode_strings(res, 0, &count));
	assert_int_equal(count, 0);
	set_array(res, 0, ITEMS("END"));
	strings = decode_strings(res, 0, &count);
	assert_non_null(strings); /* an empty list is not none */
	assert_int_equal(count, 0);
	free(strings);
	set_array(res, 0, ITEMS("one", "", "NULL", "END"));
	strings = decode_strings(res, 0, &count);
	PQclear(res);
	assert_int_equal(count, 3);
	assert_string_equal(strings[0], "one");
	assert_string_equal(strings[1], "");
	assert_string_equal(strings[2], "");
	for (size_t i = 0; i < count; i++)
		free(strings[i]);
	free(strings);
}

static void assert_array(size_t count, const char *const *values, const char *expected)
{
	struct buf out;

	buf_init(&out);
	decode_append_array(&out, (char *const *)(uintptr_t)values, count);
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

TEST(every_element_of_an_array_is_quoted)
{
	assert_array(0, NULL, "{}");
	assert_array(1, ITEMS(""), "{\"\"}");
	assert_array(2, ITEMS("a", "b c"), "{\"a\",\"b c\"}");
	assert_array(3, ITEMS("NULL", "{x,y}", "'"), "{\"NULL\",\"{x,y}\",\"'\"}");
	assert_array(2, ITEMS("a\"b", "c\\"), "{\"a\\\"b\",\"c\\\\\"}");
	assert_array(2, ITEMS("\\\"", "\","), "{\"\\\\\\\"\",\"\\\",\"}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_is_an_event_that_points_into_the_result),
		cmocka_unit_test(an_insert_says_the_row),
		cmocka_unit_test(an_update_says_the_row_and_what_has_changed),
		cmocka_unit_test(an_update_that_moves_the_row_says_nothing_of_the_old_one),
		cmocka_unit_test(a_delete_says_the_old_row),
		cmocka_unit_test(a_table_without_a_key_has_a_null_one),
		cmocka_unit_test(data_of_a_rule_is_left_as_it_is),
		cmocka_unit_test(one_row_leaves_nothing_for_the_next),
		cmocka_unit_test(an_empty_audience_and_no_unless_are_nobody),
		cmocka_unit_test(null_elements_are_left_out),
		cmocka_unit_test(a_star_alone_is_everyone),
		cmocka_unit_test(a_star_beside_a_null_is_not_alone),
		cmocka_unit_test(room_for_keys_grows_and_is_used_again),
		cmocka_unit_test(what_is_left_out_says_its_length),
		cmocka_unit_test(what_cannot_be_read_is_a_bulk_for_everyone_on_its_topic),
		cmocka_unit_test(a_long_row_leaves_no_room_after_it),
		cmocka_unit_test(a_row_of_another_shape_is_refused),
		cmocka_unit_test(numbers_and_booleans_are_read_as_the_server_sends_them),
		cmocka_unit_test(strings_are_copies),
		cmocka_unit_test(every_element_of_an_array_is_quoted),
	};

	return cmocka_run_group_tests(tests, start, finish);
}
