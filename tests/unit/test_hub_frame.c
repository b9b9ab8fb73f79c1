/* SPDX-License-Identifier: PostgreSQL */
#include "hub/frame.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const struct cursor at = {12, 7};

static void assert_bare(enum frame_format format, const struct cursor *id, const char *name,
			const char *data, const char *expected)
{
	struct buf out;

	buf_init(&out);
	frame_append_bare(&out, format, id, text_of(name), text_of(data));
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

TEST(a_named_event_has_id_event_and_data)
{
	assert_bare(FRAME_NAMED, &at, "insert", "{\"a\": 1}",
		    "id: 12-7\nevent: insert\ndata: {\"a\": 1}\n\n");
	assert_bare(FRAME_NAMED, NULL, "closing", "{}", "event: closing\ndata: {}\n\n");
	assert_bare(FRAME_NAMED, NULL, "empty", "", "event: empty\ndata: \n\n");
}

TEST(an_empty_id_makes_a_client_forget_the_one_it_has)
{
	assert_bare(FRAME_NAMED, &(struct cursor){0, 0}, "reset", "{}",
		    "id:\nevent: reset\ndata: {}\n\n");
	assert_bare(FRAME_MESSAGE, &(struct cursor){0, 0}, "reset", "{}",
		    "id:\ndata: {\"type\":\"reset\"}\n\n");
}

TEST(a_message_has_its_name_as_type_inside_data)
{
	assert_bare(FRAME_MESSAGE, &at, "insert", "{\"a\": 1}",
		    "id: 12-7\ndata: {\"type\":\"insert\",\"a\":1}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "gone", "{}", "data: {\"type\":\"gone\"}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "a\"b\\", "{}", "data: {\"type\":\"a\\\"b\\\\\"}\n\n");
}

TEST(data_of_a_message_that_is_no_object_becomes_a_member)
{
	assert_bare(FRAME_MESSAGE, NULL, "n", "[1, 2]",
		    "data: {\"type\":\"n\",\"data\":[1, 2]}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "n", "5", "data: {\"type\":\"n\",\"data\":5}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "n", "\"{}\"",
		    "data: {\"type\":\"n\",\"data\":\"{}\"}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "n", "null", "data: {\"type\":\"n\",\"data\":null}\n\n");
}

/* What a client reads of this message: exactly one type, the event's name, and this many members.
 */
static void assert_typed(const char *data, int members)
{
	struct json_object *object, *type;
	struct json_tokener *tokener = json_tokener_new();
	struct buf out;
	char *end;
	int types = 0;

	buf_init(&out);
	frame_append_bare(&out, FRAME_MESSAGE, NULL, text_of("name"), text_of(data));
	assert_memory_equal(out.data, "data: ", 6);
	end = strstr(out.data, "\n\n");
	assert_non_null(end);
	*end = '\0';
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, out.data + 6, -1);
	if (object == NULL)
		fail_msg("no JSON: %s", out.data);
	assert_true(json_object_object_get_ex(object, "type", &type));
	assert_string_equal(json_object_get_string(type), "name");
	assert_int_equal(json_object_object_length(object), members);
	/* a second "type" in front of or behind the first would be hidden by the parser */
	for (const char *p = out.data; (p = strstr(p, "\"type\":\"name\"")) != NULL; p++)
		types++;
	assert_int_equal(types, 1);
	json_object_put(object);
	json_tokener_free(tokener);
	buf_release(&out);
}

TEST(a_member_type_of_data_gives_way_to_the_name_wherever_it_stands)
{
	assert_typed("{\"type\": \"old\"}", 1);
	assert_typed("{\"type\": \"old\", \"z\": 1}", 2);
	assert_typed("{\"a\": 1, \"type\": \"old\"}", 2);
	assert_typed("{\"a\": 1, \"type\": {\"b\": [1, \"}\"]}, \"z\": 2}", 3);
	assert_typed("{\"a\": 1, \"type\": \"x,\\\"y}\", \"z\": 2}", 3);
	assert_typed("{\"type\": [1, {\"type\": 2}, 3], \"z\": [1, 2]}", 2);
}

TEST(a_type_deeper_down_or_in_a_text_stays)
{
	assert_bare(FRAME_MESSAGE, NULL, "n", "{\"a\": {\"type\": 1}}",
		    "data: {\"type\":\"n\",\"a\":{\"type\": 1}}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "n", "{\"a\": [\"x\", \"type\"]}",
		    "data: {\"type\":\"n\",\"a\":[\"x\", \"type\"]}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "n", "{\"a\": \", \\\"type\\\": 1\"}",
		    "data: {\"type\":\"n\",\"a\":\", \\\"type\\\": 1\"}\n\n");
	assert_typed("{\"types\": 1, \"atype\": 2}", 3);
}

TEST(what_unicode_takes_for_a_line_end_is_escaped_and_nothing_else_is)
{
	assert_bare(FRAME_NAMED, NULL, "n", "{\"a\": \"\xe2\x80\xa8|\xe2\x80\xa9|\xc2\x85\"}",
		    "event: n\ndata: {\"a\": \"\\u2028|\\u2029|\\u0085\"}\n\n");
	assert_bare(FRAME_MESSAGE, NULL, "n", "{\"a\": \"\xe2\x80\xa8\"}",
		    "data: {\"type\":\"n\",\"a\":\"\\u2028\"}\n\n");
	/* neighbours of these characters, and their first bytes at the end */
	assert_bare(FRAME_NAMED, NULL, "n",
		    "\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x82\xac\xc2\x84\xc2\x86\"",
		    "event: n\ndata: \"\xe2\x80\xa7\xe2\x80\xaa\xe2\x82\xac\xc2\x84\xc2\x86\"\n\n");
	assert_bare(FRAME_NAMED, NULL, "n", "\xe2\x80", "event: n\ndata: \xe2\x80\n\n");
	assert_bare(FRAME_NAMED, NULL, "n", "\xc2", "event: n\ndata: \xc2\n\n");
}

TEST(no_line_end_in_data_can_start_a_field)
{
	assert_bare(FRAME_NAMED, NULL, "n", "a\nid: 9-9\n\nevent: x",
		    "event: n\ndata: a\ndata: id: 9-9\ndata: \ndata: event: x\n\n");
	assert_bare(FRAME_NAMED, NULL, "n", "a\rb\r\nc\n\rd",
		    "event: n\ndata: a\ndata: b\ndata: c\ndata: \ndata: d\n\n");
	assert_bare(FRAME_NAMED, NULL, "n", "a\n", "event: n\ndata: a\ndata: \n\n");
	assert_bare(FRAME_NAMED, NULL, "n", "\r\n", "event: n\ndata: \ndata: \n\n");
	assert_bare(FRAME_NAMED, NULL, "n", "\r", "event: n\ndata: \ndata: \n\n");
}

TEST(control_characters_in_a_name_are_dropped)
{
	assert_bare(FRAME_NAMED, NULL, "a\ndata: x\r\t\x7f", "1", "event: adata: x\ndata: 1\n\n");
	assert_bare(FRAME_NAMED, NULL, "bestellt \xc3\xa4", "1",
		    "event: bestellt \xc3\xa4\ndata: 1\n\n");
}

/* One chunk: its size line, as many bytes, and a line end. */
static void assert_chunk(const struct buf *chunk, const struct buf *bare)
{
	unsigned long size = strtoul(chunk->data, NULL, 16);

	assert_int_equal(size, bare->len);
	assert_int_equal(chunk->len, FRAME_HEAD + bare->len + FRAME_TAIL);
	assert_int_equal(strspn(chunk->data, "0123456789abcdef"), FRAME_HEAD - 2);
	assert_memory_equal(chunk->data + FRAME_HEAD - 2, "\r\n", 2);
	assert_memory_equal(chunk->data + FRAME_HEAD, bare->data, bare->len);
	assert_memory_equal(chunk->data + FRAME_HEAD + bare->len, "\r\n", FRAME_TAIL);
}

TEST(a_chunk_is_the_bare_frame_with_its_size_around_it)
{
	char data[70000];
	struct buf chunk, bare;

	memset(data, 'x', sizeof(data));
	for (size_t len = 0; len < sizeof(data); len = len * 3 + 1) {
		for (int format = 0; format < FRAME_FORMATS; format++) {
			buf_init(&chunk);
			buf_init(&bare);
			frame_append(&chunk, FRAME_EVENTS, format, false, &at, text_of("n"),
				     (struct text){data, len});
			frame_append_bare(&bare, format, &at, text_of("n"),
					  (struct text){data, len});
			assert_chunk(&chunk, &bare);
			buf_release(&chunk);
			buf_release(&bare);
		}
	}
}

static void assert_line(enum frame_format format, bool sealed, const struct cursor *id,
			const char *name, const char *data, const char *expected)
{
	struct buf out;

	buf_init(&out);
	frame_append_line(&out, format, sealed, id, text_of(name), text_of(data));
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

TEST(a_line_is_one_object_with_the_data_as_it_is)
{
	assert_line(FRAME_NAMED, false, &at, "insert", "{\"a\": 1.50}",
		    "{\"id\":\"12-7\",\"event\":\"insert\",\"data\":{\"a\": 1.50}}\n");
	assert_line(FRAME_NAMED, false, NULL, "ready", "{}", "{\"event\":\"ready\",\"data\":{}}\n");
	assert_line(FRAME_NAMED, false, &(struct cursor){0, 0}, "reset", "{}",
		    "{\"id\":\"\",\"event\":\"reset\",\"data\":{}}\n");
	assert_line(
		FRAME_MESSAGE, false, &at, "insert", "{\"a\": 1}",
		"{\"id\":\"12-7\",\"event\":\"insert\",\"data\":{\"type\":\"insert\",\"a\":1}}\n");
	assert_line(FRAME_NAMED, true, &at, "insert", "Fe26.2*a",
		    "{\"id\":\"12-7\",\"event\":\"insert\",\"data\":\"Fe26.2*a\"}\n");
	assert_line(FRAME_NAMELESS, true, &at, "insert", "Fe26.2*a",
		    "{\"id\":\"12-7\",\"event\":\"message\",\"data\":\"Fe26.2*a\"}\n");
}

TEST(nothing_in_a_line_can_end_it)
{
	assert_line(FRAME_NAMED, false, NULL, "a\n\"b\\", "{\n\"a\":\r\n1}",
		    "{\"event\":\"a\\\"b\\\\\",\"data\":{ \"a\":  1}}\n");
	assert_line(FRAME_MESSAGE, false, NULL, "n", "{\"a\": [1,\n2]}",
		    "{\"event\":\"n\",\"data\":{\"type\":\"n\",\"a\":[1, 2]}}\n");
}

TEST(chunks_follow_one_another_in_one_buffer)
{
	struct buf out;

	buf_init(&out);
	frame_append_raw(&out, text_of(": ping\n"));
	frame_append(&out, FRAME_EVENTS, FRAME_NAMED, false, NULL, text_of("n"), text_of("1"));
	assert_string_equal(out.data, "00000007\r\n: ping\n\r\n"
				      "00000012\r\nevent: n\ndata: 1\n\n\r\n");
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_named_event_has_id_event_and_data),
		cmocka_unit_test(an_empty_id_makes_a_client_forget_the_one_it_has),
		cmocka_unit_test(a_message_has_its_name_as_type_inside_data),
		cmocka_unit_test(data_of_a_message_that_is_no_object_becomes_a_member),
		cmocka_unit_test(a_member_type_of_data_gives_way_to_the_name_wherever_it_stands),
		cmocka_unit_test(a_type_deeper_down_or_in_a_text_stays),
		cmocka_unit_test(what_unicode_takes_for_a_line_end_is_escaped_and_nothing_else_is),
		cmocka_unit_test(no_line_end_in_data_can_start_a_field),
		cmocka_unit_test(control_characters_in_a_name_are_dropped),
		cmocka_unit_test(a_chunk_is_the_bare_frame_with_its_size_around_it),
		cmocka_unit_test(a_line_is_one_object_with_the_data_as_it_is),
		cmocka_unit_test(nothing_in_a_line_can_end_it),
		cmocka_unit_test(chunks_follow_one_another_in_one_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
