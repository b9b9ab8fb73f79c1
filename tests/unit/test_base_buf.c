/* SPDX-License-Identifier: PostgreSQL */
#include "base/buf.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void assert_holds(const struct buf *b, const char *bytes, size_t len)
{
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data, bytes, len + 1);
}

static void assert_json(const char *text, size_t len, const char *expected)
{
	struct buf b;

	buf_init(&b);
	buf_append_json(&b, text, len);
	assert_string_equal(b.data, expected);
	assert_int_equal(b.len, strlen(expected));
	buf_release(&b);
}

TEST(an_empty_buf_reads_as_an_empty_string)
{
	struct buf b;

	buf_init(&b);
	assert_holds(&b, "", 0);
	buf_append(&b, NULL, 0);
	buf_append_str(&b, "");
	buf_appendf(&b, "%s", "");
	buf_clear(&b);
	buf_drop_front(&b, 0);
	assert_holds(&b, "", 0);
	buf_release(&b);
}

TEST(appended_bytes_may_hold_nuls)
{
	struct buf b;

	buf_init(&b);
	buf_append(&b, "a\0b", 3);
	buf_append_char(&b, '\0');
	buf_append_str(&b, "c");
	assert_holds(&b, "a\0b\0c", 5);
	buf_release(&b);
}

TEST(a_hundred_thousand_bytes_arrive_one_by_one)
{
	struct buf b;

	buf_init(&b);
	for (int at = 0; at < 100000; at++) {
		buf_append_char(&b, (char)('a' + at % 26));
		assert_int_equal(b.data[b.len], '\0');
	}
	assert_int_equal(b.len, 100000);
	for (int at = 0; at < 100000; at++)
		assert_int_equal(b.data[at], 'a' + at % 26);
	buf_release(&b);
}

/* Lengths on both sides of every capacity: where the room is off by one, the sanitizer sees it. */
TEST(formatted_text_of_any_length_fits)
{
	struct buf b;

	for (int len = 0; len < 300; len++) {
		buf_init(&b);
		buf_appendf(&b, "%*s", len, "");
		assert_int_equal(b.len, len);
		buf_appendf(&b, "%s-%d", "x", 7);
		assert_string_equal(b.data + len, "x-7");
		buf_release(&b);
	}
}

TEST(appending_into_reserved_room_does_not_move_the_bytes)
{
	char *before;
	struct buf b;

	buf_init(&b);
	buf_append_str(&b, "head");
	buf_reserve(&b, 5000);
	before = b.data;
	for (int at = 0; at < 5000; at++)
		buf_append_char(&b, 'x');
	assert_ptr_equal(b.data, before);
	buf_release(&b);
}

TEST(a_cleared_buf_keeps_its_memory)
{
	char *before;
	struct buf b;

	buf_init(&b);
	buf_append_str(&b, "something");
	before = b.data;
	buf_clear(&b);
	assert_holds(&b, "", 0);
	buf_append_str(&b, "else");
	assert_ptr_equal(b.data, before);
	assert_holds(&b, "else", 4);
	buf_release(&b);
}

TEST(a_released_buf_can_be_used_again)
{
	struct buf b;

	buf_init(&b);
	buf_append_str(&b, "first");
	buf_release(&b);
	assert_holds(&b, "", 0);
	buf_append_str(&b, "second");
	assert_holds(&b, "second", 6);
	buf_release(&b);
	buf_release(&b);
}

TEST(the_front_can_be_dropped_in_part_or_whole)
{
	struct buf b;

	buf_init(&b);
	buf_append_str(&b, "0123456789");
	buf_drop_front(&b, 4);
	assert_holds(&b, "456789", 6);
	buf_drop_front(&b, 6);
	assert_holds(&b, "", 0);
	buf_append_str(&b, "more");
	assert_holds(&b, "more", 4);
	buf_release(&b);
}

TEST(detached_bytes_belong_to_the_caller)
{
	struct buf b;
	char *bytes;

	buf_init(&b);
	buf_append_str(&b, "mine");
	bytes = buf_detach(&b);
	assert_holds(&b, "", 0);
	buf_append_str(&b, "other");
	assert_string_equal(bytes, "mine");
	free(bytes);
	buf_release(&b);
}

TEST(an_empty_buf_detaches_as_a_string_to_free)
{
	struct buf b;
	char *bytes;

	buf_init(&b);
	bytes = buf_detach(&b);
	assert_string_equal(bytes, "");
	bytes[0] = '\0'; /* writable: not the shared empty string */
	free(bytes);
}

TEST(json_escapes_quote_and_backslash_and_no_slash)
{
	assert_json("", 0, "\"\"");
	assert_json("say \"hi\" \\ /", 12, "\"say \\\"hi\\\" \\\\ /\"");
	assert_json("\"", 1, "\"\\\"\"");
	assert_json("\\\\", 2, "\"\\\\\\\\\"");
}

TEST(json_uses_the_short_escapes_where_there_are_some)
{
	assert_json("\n\r\t\b\f", 5, "\"\\n\\r\\t\\b\\f\"");
}

TEST(json_escapes_every_other_control_character_by_number)
{
	assert_json("a\0b", 3, "\"a\\u0000b\"");
	assert_json("\x01\x0b\x1b\x1f", 4, "\"\\u0001\\u000b\\u001b\\u001f\"");
	assert_json(" \x7f", 2, "\" \x7f\"");
}

TEST(json_leaves_bytes_beyond_ascii_alone)
{
	static const char text[] = "Zürich 😀 \xff";

	assert_json(text, strlen(text), "\"Zürich 😀 \xff\"");
}

TEST(json_is_appended_to_what_is_there)
{
	struct buf b;

	buf_init(&b);
	buf_append_str(&b, "{\"key\":");
	buf_append_json(&b, "a\nb\nc", 5);
	buf_append_char(&b, '}');
	assert_string_equal(b.data, "{\"key\":\"a\\nb\\nc\"}");
	buf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_buf_reads_as_an_empty_string),
		cmocka_unit_test(appended_bytes_may_hold_nuls),
		cmocka_unit_test(a_hundred_thousand_bytes_arrive_one_by_one),
		cmocka_unit_test(formatted_text_of_any_length_fits),
		cmocka_unit_test(appending_into_reserved_room_does_not_move_the_bytes),
		cmocka_unit_test(a_cleared_buf_keeps_its_memory),
		cmocka_unit_test(a_released_buf_can_be_used_again),
		cmocka_unit_test(the_front_can_be_dropped_in_part_or_whole),
		cmocka_unit_test(detached_bytes_belong_to_the_caller),
		cmocka_unit_test(an_empty_buf_detaches_as_a_string_to_free),
		cmocka_unit_test(json_escapes_quote_and_backslash_and_no_slash),
		cmocka_unit_test(json_uses_the_short_escapes_where_there_are_some),
		cmocka_unit_test(json_escapes_every_other_control_character_by_number),
		cmocka_unit_test(json_leaves_bytes_beyond_ascii_alone),
		cmocka_unit_test(json_is_appended_to_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
