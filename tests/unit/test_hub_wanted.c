/* SPDX-License-Identifier: PostgreSQL */
#include "hub/wanted.h"

#include "hub.h"

TEST(values_become_audience_keys_of_their_given_length)
{
	struct wanted w = {.count = 1};

	wanted_add(&w, 0, "user_id", "712", 1);
	wanted_add(&w, 0, "user_id", "", 0);
	assert_int_equal(w.keys[0].count, 2);
	assert_string_equal(w.keys[0].values[0], "user_id=7");
	assert_string_equal(w.keys[0].values[1], "user_id=");
	wanted_release(&w);
	assert_int_equal(w.count + w.keys[0].count, 0);
	wanted_release(&w);
}

TEST(it_makes_the_same_routing_keys_as_an_event_with_these_values)
{
	struct stream_def def = make_def("/s", "t", "store,role", NULL);
	struct stream *s = stream_new(&def, AT(0, 0));
	struct wanted w = {.count = 2};
	struct buf mine, events;

	buf_init(&mine);
	buf_init(&events);
	wanted_add(&w, 0, "store", "a", 1);
	wanted_add(&w, 0, "store", "b", 1);
	wanted_add(&w, 1, "role", "x", 1);
	assert_int_equal(wanted_append_keys(&w, s, &mine), 2);
	assert_int_equal(stream_append_keys(s, KEYS(T("store=a"), T("role=x"), T("store=b")),
					    SIZE_MAX, &events),
			 2);
	assert_int_equal(mine.len, events.len);
	assert_memory_equal(mine.data, events.data, mine.len);
	assert_int_equal(wanted_combinations(&w), 2);
	buf_release(&mine);
	buf_release(&events);
	wanted_release(&w);
	stream_free(s);
}

TEST(a_stream_that_matches_nothing_wants_the_one_empty_key)
{
	struct stream_def def = make_def("/s", "t", NULL, NULL);
	struct stream *s = stream_new(&def, AT(0, 0));
	struct wanted w = {.count = 0};
	struct buf keys;
	struct text key;

	buf_init(&keys);
	assert_int_equal(wanted_append_keys(&w, s, &keys), 1);
	stream_next_key(keys.data, &key);
	assert_int_equal(key.len, 0);
	assert_int_equal(wanted_combinations(&w), 1);
	buf_release(&keys);
	stream_free(s);
}

TEST(combinations_are_the_product_and_never_overflow)
{
	struct wanted w = {.count = 4};

	assert_int_equal(wanted_combinations(&w), 0);
	for (size_t k = 0; k < 4; k++)
		for (int i = 0; i < 5; i++)
			wanted_add(&w, k, "k", "v", 1);
	assert_int_equal(wanted_combinations(&w), 625);
	for (size_t k = 0; k < 4; k++)
		w.keys[k].count = SIZE_MAX / 2; /* no such values: only counted */
	assert_true(wanted_combinations(&w) > WANTED_VALUES_MAX);
	for (size_t k = 0; k < 4; k++)
		w.keys[k].count = 5;
	wanted_release(&w);
}

/* The names that a stream with these events has left when it is narrowed: "a b "; "all" where
 * nothing narrows it. */
static void assert_left(const char *events, const char *list, const char *expected)
{
	struct stream_def def = make_def("/s", "t", NULL, events);
	struct stream *s = stream_new(&def, AT(0, 0));
	struct wanted w = {.count = 0};
	struct facet facet = {s, &w};
	char **names, text[200] = "";
	size_t count;

	assert_true(wanted_narrow(&w, text_of(list)));
	if (wanted_left_names(&facet, &names, &count))
		for (size_t i = 0; i < count; i++)
			strcat(strcat(text, names[i]), " ");
	else
		strcpy(text, "all");
	assert_string_equal(text, expected);
	free(names);
	wanted_release(&w);
	stream_free(s);
}

TEST(names_narrow_what_the_stream_has_and_never_add_to_it)
{
	assert_left(NULL, "", "all");
	assert_left(NULL, ",,", "all");
	assert_left(NULL, "a,b,,c,", "a b c ");
	assert_left("a,b", "", "a b ");
	assert_left("a,b", "b,c", "b ");
	assert_left("a,b", "c", "");
	assert_left("a,b", "left,a", "left a ");
}

TEST(thirty_two_names_are_as_many_as_there_may_be)
{
	struct wanted w = {.count = 0};

	assert_true(wanted_narrow(
		&w, text_of("a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,")));
	assert_int_equal(w.name_count, 32);
	wanted_release(&w);
	assert_int_equal(w.name_count, 0);
	assert_false(wanted_narrow(
		&w, text_of("a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,b")));
	wanted_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_become_audience_keys_of_their_given_length),
		cmocka_unit_test(it_makes_the_same_routing_keys_as_an_event_with_these_values),
		cmocka_unit_test(a_stream_that_matches_nothing_wants_the_one_empty_key),
		cmocka_unit_test(names_narrow_what_the_stream_has_and_never_add_to_it),
		cmocka_unit_test(thirty_two_names_are_as_many_as_there_may_be),
		cmocka_unit_test(combinations_are_the_product_and_never_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
