/* SPDX-License-Identifier: PostgreSQL */
#include "console/live.h"

#include <stdlib.h>

#include "unit.h"

static struct live live;
static struct buf said;

static void begin(void)
{
	live = (struct live){.topics = {{.name = NULL}}};
	buf_init(&said);
}

static void end(void)
{
	live_release(&live);
	buf_release(&said);
}

static void come(const char *topic, const char *data, int64_t now_ms)
{
	static const struct text keys[] = {{"user_id=7", 9}, {"store", 5}, {"we\"ird=a\nb=c", 12}};
	struct event event = {.at = {3, 4},
			      .topic = text_of(topic),
			      .name = text_of("x.update"),
			      .audience = {keys, 3},
			      .data = text_of(data)};

	live_take(&live, &event, now_ms);
}

static void ask(const char *topic, uint64_t after, bool shown, int64_t now_ms)
{
	buf_clear(&said);
	assert_true(live_append(&live, text_of(topic), after, shown, now_ms, &said));
}

TEST(nothing_is_kept_before_somebody_looks)
{
	begin();
	come("x", "{}", 0);
	assert_null(live.topics[LIVE_TOPICS_MOST - 1].name);
	ask("x", 0, false, 0);
	assert_string_equal(said.data,
			    "{\"topic\":\"x\",\"masked\":true,\"last\":0,\"events\":[]}");
	end();
}

TEST(values_are_masked_at_any_depth_and_names_stay)
{
	begin();
	ask("x", 0, false, 0);
	come("x", "{\"a\": [1, {\"b\": \"secret\"}], \"c\": null, \"d\": true}", 1);
	ask("x", 0, false, 2);
	assert_non_null(strstr(said.data, "\"data\":{\"a\":[\"•\",{\"b\":\"•\"}],\"c\":\"•\","
					  "\"d\":\"•\"}"));
	assert_non_null(strstr(said.data, "\"audience\":[\"user_id=•\",\"•\",\"we\\\"ird=•\"]"));
	ask("x", 0, true, 2);
	assert_non_null(strstr(said.data, "\"data\":{\"a\": [1, {\"b\": \"secret\"}]"));
	assert_non_null(strstr(said.data, "\"audience\":[\"user_id=7\",\"store\","
					  "\"we\\\"ird=a\\nb=c\"]"));
	end();
}

TEST(the_last_ones_stay_and_others_topics_do_not_come)
{
	begin();
	ask("x", 0, false, 0);
	come("y", "{}", 1);
	for (int n = 0; n < LIVE_MOST + 5; n++)
		come("x", "{}", 1);
	assert_int_equal(live.topics[LIVE_TOPICS_MOST - 1].count, LIVE_MOST + 5);
	ask("x", 0, false, 2);
	assert_null(strstr(said.data, "\"number\":5,"));
	assert_non_null(strstr(said.data, "\"number\":6,"));
	ask("x", LIVE_MOST + 4, false, 2);
	assert_null(strstr(said.data, "\"number\":204,"));
	assert_non_null(strstr(said.data, "\"number\":205,"));
	ask("y", 0, false, 3);
	assert_non_null(strstr(said.data, "\"last\":0"));
	end();
}

TEST(nobody_looks_any_more_after_a_while)
{
	begin();
	ask("x", 0, false, 0);
	come("x", "{}", LIVE_PATIENCE_MS);
	assert_int_equal(live.topics[LIVE_TOPICS_MOST - 1].count, 1);
	come("x", "{}", LIVE_PATIENCE_MS + 1);
	assert_null(live.topics[LIVE_TOPICS_MOST - 1].name);
	assert_int_equal(live.topics[LIVE_TOPICS_MOST - 1].count, 0);
	end();
}

TEST(several_look_at_topics_of_their_own_and_one_too_many_is_told_so)
{
	static const char *const names[] = {"a", "b", "c", "d"};

	begin();
	for (size_t i = 0; i < LIVE_TOPICS_MOST; i++)
		ask(names[i], 0, false, 0);
	for (size_t i = 0; i < LIVE_TOPICS_MOST; i++)
		come(names[i], "{}", 1);
	ask("a", 0, false, 2);
	assert_non_null(strstr(said.data, "\"last\":1"));
	buf_clear(&said);
	assert_false(live_append(&live, text_of("e"), 0, false, 2, &said));
	assert_int_equal(said.len, 0);
	ask("e", 0, false, LIVE_PATIENCE_MS + 1); /* only a is still looked at */
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_kept_before_somebody_looks),
		cmocka_unit_test(values_are_masked_at_any_depth_and_names_stay),
		cmocka_unit_test(the_last_ones_stay_and_others_topics_do_not_come),
		cmocka_unit_test(nobody_looks_any_more_after_a_while),
		cmocka_unit_test(several_look_at_topics_of_their_own_and_one_too_many_is_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
