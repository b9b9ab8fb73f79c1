/* SPDX-License-Identifier: PostgreSQL */
#include "hub/stream.h"

#include "hub.h"

static struct stream *make_stream(const char *match, const char *events)
{
	struct stream_def def = make_def("/s", "topic", match, events);

	return stream_new(&def, AT(0, 0));
}

/* The routing keys in their order, NULs as '|', each in brackets. */
static void assert_keys(const char *match, struct keys audience, const char *expected)
{
	struct stream *s = make_stream(match, NULL);
	struct buf out, shown;
	const char *next;
	struct text key;
	uint32_t count;

	buf_init(&out);
	buf_init(&shown);
	count = stream_append_keys(s, audience, SIZE_MAX, &out);
	next = out.data;
	for (uint32_t i = 0; i < count; i++) {
		next = stream_next_key(next, &key);
		buf_append_char(&shown, '[');
		for (size_t b = 0; b < key.len; b++)
			buf_append_char(&shown, key.bytes[b] == '\0' ? '|' : key.bytes[b]);
		buf_append_char(&shown, ']');
	}
	assert_ptr_equal(next, out.data + out.len);
	assert_string_equal(shown.data, expected);
	buf_release(&out);
	buf_release(&shown);
	stream_free(s);
}

TEST(a_stream_that_matches_nothing_has_the_empty_key)
{
	assert_keys(NULL, NOBODY, "[]");
	assert_keys(NULL, KEYS(T("user_id=7"), T("user_id=8")), "[]");
}

TEST(a_routing_key_has_each_value_in_the_order_of_the_match)
{
	assert_keys("user_id", KEYS(T("user_id=7")), "[user_id=7]");
	assert_keys("b,a", KEYS(T("a=1"), T("b=2")), "[b=2|a=1]");
	assert_keys("a,b,c,d", KEYS(T("d=4"), T("c=3"), T("b=2"), T("a=1"), T("e=5")),
		    "[a=1|b=2|c=3|d=4]");
	assert_keys("a", KEYS(T("a=")), "[a=]");
	assert_keys("a", KEYS(T("a=b=c|d")), "[a=b=c|d]");
}

TEST(every_combination_of_several_values_is_a_key)
{
	assert_keys("u", KEYS(T("u=1"), T("x=0"), T("u=2")), "[u=1][u=2]");
	assert_keys("a,b", KEYS(T("a=1"), T("b=3"), T("a=2"), T("b=4")),
		    "[a=1|b=3][a=1|b=4][a=2|b=3][a=2|b=4]");
}

TEST(a_key_without_a_value_makes_no_routing_key)
{
	assert_keys("user_id", NOBODY, "");
	assert_keys("user_id", KEYS(T("store=1")), "");
	assert_keys("a,b", KEYS(T("a=1"), T("a=2")), "");
}

TEST(a_name_that_only_begins_like_a_key_is_another_key)
{
	assert_keys("user", KEYS(T("user_id=7"), T("use=7"), T("user"), T("=7"), T("")), "");
	assert_keys("user_id", KEYS(T("user=7"), T("auser_id=7")), "");
}

TEST(keys_that_are_too_many_or_too_long_are_not_begun)
{
	struct stream *s = make_stream("a,b", NULL);
	/* [a=1|b=345][a=2|b=345]: each of 4 and 9 bytes */
	struct keys audience = KEYS(T("a=1"), T("b=345"), T("a=2"));
	struct text many[STREAM_KEYS_MAX + 2];
	struct buf out;

	buf_init(&out);
	assert_int_equal(stream_append_keys(s, audience, 25, &out), STREAM_KEYS_MAX + 1);
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = T("a=1");
	many[STREAM_KEYS_MAX + 1] = T("b=1");
	assert_int_equal(
		stream_append_keys(s, (struct keys){many, ARRAY_SIZE(many)}, SIZE_MAX, &out),
		STREAM_KEYS_MAX + 1);
	/* no b */
	assert_int_equal(
		stream_append_keys(s, (struct keys){many, ARRAY_SIZE(many) - 1}, SIZE_MAX, &out),
		0);
	assert_int_equal(out.len, 0);
	assert_int_equal(stream_append_keys(s, audience, 26, &out), 2);
	assert_int_equal(out.len, 26);
	assert_int_equal(stream_append_keys(s, (struct keys){many + 1, ARRAY_SIZE(many) - 1},
					    SIZE_MAX, &out),
			 STREAM_KEYS_MAX);
	buf_release(&out);
	stream_free(s);
}

TEST(a_stream_carries_its_events_and_always_left_bulk_and_schema)
{
	struct stream *all = make_stream(NULL, NULL), *some = make_stream(NULL, "insert,update");

	assert_true(stream_carries(all, T("anything")));
	assert_true(stream_carries(some, T("insert")) && stream_carries(some, T("update")));
	assert_true(stream_carries(some, T("left")) && stream_carries(some, T("bulk")) &&
		    stream_carries(some, T("schema")));
	assert_false(stream_carries(some, T("delete")));
	assert_false(stream_carries(some, T("inser")) || stream_carries(some, T("insert2")) ||
		     stream_carries(some, T("")));
	stream_free(all);
	stream_free(some);
}

static uint64_t push(struct stream *s, struct sharedlog *log, struct cursor at, size_t len)
{
	static const char zeros[100000];
	struct stream_entry entry = {.at = at, .record = sharedlog_append(log, at, zeros, len, 0)};

	return stream_push(s, log, &entry);
}

static size_t count_blocks(const struct stream *s)
{
	size_t count = 0;

	for (size_t i = 0; i < s->block_cap; i++)
		count += s->blocks[i] != NULL;
	return count;
}

TEST(entries_keep_their_numbers_while_the_ring_grows_and_turns)
{
	struct stream *s = make_stream(NULL, NULL);
	struct sharedlog log;

	sharedlog_init(&log, 0);
	for (int64_t n = 0; n < 4000; n++) {
		/* long ones, so that the first are forgotten; then more and more that are short */
		assert_int_equal(push(s, &log, AT(n + 1, 0), n < 1000 ? 5000 : 200), n);
		assert_true(count_blocks(s) <= (s->next - s->first) / STREAM_BLOCK + 2);
		assert_true((s->block_cap & (s->block_cap - 1)) == 0);
		for (uint64_t m = s->first; m < s->next; m++)
			assert_true(stream_entry_at(s, m)->at.tick == (int64_t)m + 1);
		assert_true(sharedlog_holds(&log, stream_entry_at(s, s->first)->record));
		if (n == 999)
			assert_int_equal(s->block_cap, 8); /* what is forgotten makes room */
	}
	sharedlog_restart(&log, AT(5000, 0));
	stream_trim(s, &log);
	assert_true(count_blocks(s) <= 1);
	stream_free(s);
	sharedlog_release(&log);
}

TEST(the_first_entry_behind_a_cursor_is_found)
{
	struct stream *s = make_stream(NULL, NULL);
	struct sharedlog log;

	sharedlog_init(&log, 0);
	assert_int_equal(stream_find(s, AT(5, 5)), 0);
	for (int64_t n = 0; n < 300; n++) /* (10,0) (10,2) (10,4) (20,0) … */
		push(s, &log, AT(10 * (n / 3 + 1), n % 3 * 2), 8);
	assert_int_equal(stream_find(s, AT(0, 0)), 0);
	assert_int_equal(stream_find(s, AT(9, CURSOR_TICK_END)), 0);
	assert_int_equal(stream_find(s, AT(10, 0)), 1);
	assert_int_equal(stream_find(s, AT(10, 1)), 1);
	assert_int_equal(stream_find(s, AT(10, 2)), 2);
	assert_int_equal(stream_find(s, AT(10, CURSOR_TICK_END)), 3);
	assert_int_equal(stream_find(s, AT(15, 0)), 3);
	assert_int_equal(stream_find(s, AT(1000, 3)), 299);
	assert_int_equal(stream_find(s, AT(1000, 4)), 300);
	assert_int_equal(stream_find(s, AT(9999, 0)), 300);
	stream_free(s);
	sharedlog_release(&log);
}

TEST(trimming_forgets_what_the_log_forgot)
{
	struct stream *s = make_stream(NULL, NULL);
	struct sharedlog log;

	sharedlog_init(&log, 0);
	push(s, &log, AT(1, 0), 8);
	push(s, &log, AT(2, 0), 8);
	stream_trim(s, &log);
	assert_int_equal(s->first, 0);
	sharedlog_restart(&log, AT(2, 0));
	push(s, &log, AT(3, 0), 8);
	assert_int_equal(s->first, 2);
	assert_int_equal(stream_find(s, AT(0, 0)), 2);
	assert_int_equal(cursor_compare(stream_floor(s, &log, FRAME_EVENTS), AT(2, 0)), 0);
	s->since = AT(2, 9);
	assert_int_equal(cursor_compare(stream_floor(s, &log, FRAME_EVENTS), AT(2, 9)), 0);
	stream_free(s);
	sharedlog_release(&log);
}

TEST(an_audience_is_there_while_it_has_seats)
{
	struct stream *s = make_stream("a", NULL);
	struct list seat;
	struct audience *a = stream_audience_make(s, "a=1\0b", 5);

	assert_ptr_equal(stream_audience_make(s, "a=1\0b", 5), a);
	assert_ptr_equal(stream_audience(s, "a=1\0b", 5), a);
	assert_null(stream_audience(s, "a=1\0c", 5));
	assert_null(stream_audience(s, "a=1", 3));
	list_node_init(&seat);
	list_append(&a->seats, &seat);
	stream_audience_drop(s, a);
	assert_ptr_equal(stream_audience(s, "a=1\0b", 5), a);
	list_remove(&seat);
	stream_audience_drop(s, a);
	assert_null(stream_audience(s, "a=1\0b", 5));
	assert_int_equal(s->index.count, 0);
	stream_free(s);
}

TEST(definitions_are_equal_only_in_every_part)
{
	struct stream_def defs[] = {
		make_def("/s", "t", "a", NULL), make_def("/s", "t", "a", NULL),
		make_def("/z", "t", "a", NULL), make_def("/s", "t,u", "a", NULL),
		make_def("/s", "u", "a", NULL), make_def("/s", "t", "a,b", NULL),
		make_def("/s", "t", "b", NULL), make_def("/s", "t", NULL, NULL),
		make_def("/s", "t", "a", "e"),  make_def("/s", "t", "a", NULL),
		make_def("/s", "t", "a", NULL), make_def("/s", "t", "a", NULL),
		make_def("/s", "t", "a", NULL), make_def("/s", "t", "a", NULL),
		make_def("/s", "t", "a", NULL), make_def("/s", "t", "a", NULL),
		make_def("/s", "t", "a", NULL)};

	defs[9].format = FRAME_MESSAGE;
	defs[10].anonymous = true;
	defs[11].require[1] = ' ';
	defs[12].match_source[0][7] = 'x';
	defs[13].events = calloc(1, sizeof(char *)); /* no event at all is not every event */
	defs[14].authorize = strdup("app.f");
	defs[15].snapshot = strdup("app.f");
	defs[16].snapshot = strdup("app.g");
	assert_false(stream_def_equal(&defs[15], &defs[16]));
	assert_true(stream_def_equal(&defs[0], &defs[1]));
	for (size_t i = 2; i < ARRAY_SIZE(defs); i++) {
		assert_false(stream_def_equal(&defs[0], &defs[i]));
		assert_false(stream_def_equal(&defs[i], &defs[0]));
		assert_true(stream_def_equal(&defs[i], &defs[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(defs); i++)
		stream_def_release(&defs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_that_matches_nothing_has_the_empty_key),
		cmocka_unit_test(a_routing_key_has_each_value_in_the_order_of_the_match),
		cmocka_unit_test(every_combination_of_several_values_is_a_key),
		cmocka_unit_test(a_key_without_a_value_makes_no_routing_key),
		cmocka_unit_test(a_name_that_only_begins_like_a_key_is_another_key),
		cmocka_unit_test(keys_that_are_too_many_or_too_long_are_not_begun),
		cmocka_unit_test(a_stream_carries_its_events_and_always_left_bulk_and_schema),
		cmocka_unit_test(entries_keep_their_numbers_while_the_ring_grows_and_turns),
		cmocka_unit_test(the_first_entry_behind_a_cursor_is_found),
		cmocka_unit_test(trimming_forgets_what_the_log_forgot),
		cmocka_unit_test(an_audience_is_there_while_it_has_seats),
		cmocka_unit_test(definitions_are_equal_only_in_every_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
