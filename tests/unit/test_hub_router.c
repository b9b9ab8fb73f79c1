/* SPDX-License-Identifier: PostgreSQL */
#include "hub/router.h"

#include "base/log.h"

#include "hub.h"

static struct router router;
static struct subscriber a, b, c;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {
		make_def("/all", "orders", NULL, NULL),
		make_def("/mine", "orders", "user_id", NULL),
		make_def("/both", "orders", "store,role", NULL),
		make_def("/some", "orders,stock", "user_id", "insert"),
	};

	log_setup(LOG_ERROR, false);
	a = b = c = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	define(&router, defs, ARRAY_SIZE(defs));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	subscriber_leave(&a);
	subscriber_leave(&b);
	subscriber_leave(&c);
	router_release(&router);
	return 0;
}

/* The next change of topic orders; data is a C string. */
static void publish_event(const char *name, struct keys audience, struct keys unless,
			  const char *data)
{
	struct event event = {.at = AT(router.head.tick + 1, 1),
			      .topic = T("orders"),
			      .name = text_of(name),
			      .audience = audience,
			      .unless = unless,
			      .data = text_of(data)};

	router_publish(&router, &event);
}

static void publish(struct keys audience, const char *data)
{
	publish_event("insert", audience, NOBODY, data);
}

TEST(an_event_goes_to_those_of_its_audience_only)
{
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &b, "/mine", KEYS(T("user_id=8")));
	join_live(&router, &c, "/all", NOBODY);
	publish(KEYS(T("user_id=7")), "1");
	assert_int_equal(times_touched(&router, &b), 0);
	publish(KEYS(T("user_id=8"), T("store=1")), "2");
	publish(KEYS(T("user_id=9")), "3");
	publish(KEYS(T("user_id=8"), T("user_id=7")), "4");
	assert_sees(&router, &a, "1 4 ");
	assert_sees(&router, &b, "2 4 ");
	assert_sees(&router, &c, "1 2 3 4 ");
	assert_true(list_empty(&router.touched));
}

TEST(an_event_without_audience_is_for_nobody_who_matches_by_a_key)
{
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &b, "/both", KEYS(T("store=1"), T("role=x")));
	join_live(&router, &c, "/all", NOBODY);
	publish(NOBODY, "1");
	publish(KEYS(T("store=1")), "2"); /* no role: nobody's on /both */
	assert_sees(&router, &a, "");
	assert_sees(&router, &b, "");
	assert_sees(&router, &c, "1 2 ");
}

TEST(an_event_that_nobody_can_be_meant_by_takes_no_room)
{
	struct event event = {
		.at = AT(5, 1), .topic = T("stock"), .name = T("insert"), .data = T("1")};

	router_publish(&router, &event);
	event.audience = KEYS(T("store=1"));
	router_publish(&router, &event);
	event.topic = T("unknown");
	router_publish(&router, &event);
	assert_int_equal(router.log.head, 0);
	assert_int_equal(router.bytes, 0);
	event.topic = T("stock");
	event.audience = KEYS(T("user_id=7"));
	router_publish(&router, &event);
	assert_true(router.log.head > 0 && router.bytes > 0);
}

TEST(all_keys_of_a_match_must_be_met)
{
	join_live(&router, &a, "/both", KEYS(T("store=1"), T("role=x")));
	join_live(&router, &b, "/both", KEYS(T("store=1"), T("store=2"), T("role=x"), T("role=y")));
	publish(KEYS(T("store=1"), T("role=x")), "1");
	publish(KEYS(T("store=1"), T("role=y")), "2");
	publish(KEYS(T("store=2"), T("role=x")), "3");
	publish(KEYS(T("store=3"), T("role=x")), "4");
	publish(KEYS(T("role=x"), T("store=2"), T("store=1")), "5");
	assert_int_equal(b.one.seat_count, 4);
	assert_sees(&router, &a, "1 5 ");
	assert_sees(&router, &b, "1 2 3 5 ");
}

TEST(left_is_not_for_those_who_see_the_row_still)
{
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &b, "/mine", KEYS(T("user_id=8")));
	join_live(&router, &c, "/mine", KEYS(T("user_id=7"), T("user_id=8")));
	publish_event("left", KEYS(T("user_id=7")), KEYS(T("user_id=8")), "1");
	assert_sees(&router, &a, "1 ");
	assert_sees(&router, &b, "");
	assert_int_equal(times_touched(&router, &c), 0);
	assert_sees(&router, &c, ""); /* the row moved from one of its keys to the other */
	publish_event("left", KEYS(T("user_id=7"), T("user_id=8")), KEYS(T("user_id=8")), "2");
	publish(KEYS(T("user_id=8")), "3");
	assert_sees(&router, &a, "2 ");
	assert_sees(&router, &b, "3 ");
	assert_sees(&router, &c, "3 ");
}

TEST(left_behind_a_pending_event_is_still_not_for_those_who_see_the_row)
{
	join_live(&router, &c, "/mine", KEYS(T("user_id=7"), T("user_id=8")));
	publish(KEYS(T("user_id=7")), "1");
	publish_event("left", KEYS(T("user_id=7")), KEYS(T("user_id=8")), "2");
	publish_event("left", KEYS(T("user_id=7")), KEYS(T("user_id=9")), "3");
	assert_sees(&router, &c, "1 3 ");
}

TEST(a_stream_that_matches_nothing_sees_no_row_leave_for_another_audience)
{
	join_live(&router, &a, "/all", NOBODY);
	publish_event("left", KEYS(T("user_id=7")), KEYS(T("user_id=8")), "1");
	publish_event("left", KEYS(T("user_id=7")), NOBODY, "2");
	assert_sees(&router, &a, "2 ");
}

TEST(an_event_for_everyone_reaches_every_stream_of_its_topic)
{
	struct event event = {.at = AT(5, 1),
			      .topic = T("orders"),
			      .name = T("bulk"),
			      .audience = KEYS(T("*")),
			      .everyone = true,
			      .data = T("1")};

	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &b, "/both", KEYS(T("store=1"), T("role=x")));
	join(&router, &c, "/all", NOBODY); /* waits */
	router_publish(&router, &event);
	assert_sees(&router, &a, "1 ");
	assert_sees(&router, &b, "1 ");
	assert_false(c.pending);
	event.topic = T("stock");
	event.at.change++;
	router_publish(&router, &event);
	assert_sees(&router, &a, "");
}

TEST(a_star_is_an_ordinary_key_where_the_event_does_not_say_everyone)
{
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	publish(KEYS(T("*"), T("user_id=8")), "1");
	assert_sees(&router, &a, "");
}

TEST(a_stream_takes_its_topics_and_its_events_only)
{
	struct event event = {.at = AT(9, 1),
			      .topic = T("stock"),
			      .name = T("insert"),
			      .audience = KEYS(T("user_id=7")),
			      .data = T("4")};

	join_live(&router, &a, "/some", KEYS(T("user_id=7")));
	join_live(&router, &b, "/mine", KEYS(T("user_id=7")));
	publish_event("update", KEYS(T("user_id=7")), NOBODY, "1");
	assert_int_equal(times_touched(&router, &a), 0);
	publish_event("insert", KEYS(T("user_id=7")), NOBODY, "2");
	publish_event("left", KEYS(T("user_id=7")), KEYS(T("user_id=8")), "3");
	router_publish(&router, &event);
	event.topic = T("stoc");
	event.at = AT(9, 2);
	router_publish(&router, &event);
	assert_sees(&router, &a, "2 3 4 ");
	assert_sees(&router, &b, "1 2 3 ");
	assert_int_equal(router.events, 5);
	assert_int_equal(cursor_compare(router.head, AT(9, 2)), 0);
}

TEST(an_event_that_is_too_long_goes_out_without_its_data)
{
	size_t most = sharedlog_record_max(&router.log),
	       lens[] = {most * 3, most, most - 1, most - 20};
	char *data = xmalloc(most * 3 + 1), expected[256] = "";

	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(data, 'x', lens[i]);
		data[lens[i]] = '\0';
		publish(KEYS(T("user_id=7")), data);
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
			 "{\"truncated\": true, \"bytes\": %zu} ", lens[i]);
	}
	publish(KEYS(T("user_id=7")), "1");
	strcat(expected, "1 ");
	assert_sees(&router, &a, expected);
	memset(data, 'y', most - 200);
	data[most - 200] = '\0';
	publish(KEYS(T("user_id=7")), data);
	data[most - 200] = ' ';
	data[most - 199] = '\0';
	assert_sees(&router, &a, data);
	free(data);
}

TEST(the_log_says_from_where_on_it_can_continue)
{
	const struct stream *s = stream_at(&router, "/mine");
	static char data[50000];

	assert_true(router_holds(&router, s, FRAME_EVENTS, AT(1, 0)) &&
		    router_holds(&router, s, FRAME_EVENTS, AT(1, 1)));
	assert_false(router_holds(&router, s, FRAME_EVENTS, AT(0, CURSOR_TICK_END)));
	memset(data, 'x', sizeof(data) - 1);
	for (int i = 0; i < 100; i++)
		publish(KEYS(T("user_id=7")), data);
	assert_false(router_holds(&router, s, FRAME_EVENTS, AT(1, 0)));
	assert_true(router_holds(&router, s, FRAME_EVENTS, router.log.floor));
	assert_false(router_holds(&router, s, FRAME_EVENTS,
				  AT(router.log.floor.tick, router.log.floor.change - 1)));
	assert_true(router_holds(&router, s, FRAME_EVENTS, router.head));
	router_restart(&router, AT(500, 3));
	assert_false(router_holds(&router, s, FRAME_EVENTS, AT(500, 2)));
	assert_true(router_holds(&router, s, FRAME_EVENTS, AT(500, 3)));
	assert_int_equal(s->first, s->next);
}

TEST(a_restart_drops_whoever_had_something_left_to_be_sent)
{
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &b, "/mine", KEYS(T("user_id=7")));
	publish(KEYS(T("user_id=7")), "1");
	assert_sees(&router, &b, "1 ");
	router_restart(&router, AT(100, 0));
	assert_true(subscriber_fell_off(&a, &router.log));
	assert_false(subscriber_fell_off(&b, &router.log));
	publish(KEYS(T("user_id=7")), "2");
	assert_sees(&router, &b, "2 ");
}

TEST(a_cursor_of_before_a_jump_of_ids_is_not_held)
{
	struct stream *s = stream_at(&router, "/mine");
	struct text key = T("user_id=7");
	struct event later = {.at = AT(1 << 20, 7),
			      .topic = T("orders"),
			      .name = T("insert"),
			      .audience = {&key, 1},
			      .data = T("2")};

	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	publish(KEYS(T("user_id=7")), "1");
	assert_true(router_holds(&router, s, FRAME_EVENTS, AT(2, 1)));
	router_publish(&router, &later);
	assert_false(router_holds(&router, s, FRAME_EVENTS, AT(2, 1)));
	assert_false(router_holds(&router, s, FRAME_EVENTS, AT((1 << 20) - 1, CURSOR_TICK_END)));
	assert_true(router_holds(&router, s, FRAME_EVENTS, AT(1 << 20, 6)));
	assert_sees(&router, &a, "1 2 ");
}

TEST(the_head_only_goes_forward)
{
	router_reached(&router, AT(7, 3));
	router_reached(&router, AT(7, 2));
	router_reached(&router, AT(6, 9));
	assert_int_equal(cursor_compare(router.head, AT(7, 3)), 0);
}

TEST(a_tick_is_whole_when_all_of_it_was_read_and_not_before)
{
	router_reached(&router, AT(7, 3));
	assert_int_equal(router.whole_tick, 7);
	publish(KEYS(T("user_id=7")), "1");
	assert_true(router.head.tick > 7);
	assert_int_equal(router.whole_tick, 7);
	router_reached(&router, router.head);
	assert_int_equal(router.whole_tick, router.head.tick);
	router_reached(&router, AT(3, 0)); /* the log is another one now */
	assert_int_equal(router.whole_tick, 3);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROUTER(an_event_goes_to_those_of_its_audience_only),
		IN_ROUTER(an_event_without_audience_is_for_nobody_who_matches_by_a_key),
		IN_ROUTER(an_event_that_nobody_can_be_meant_by_takes_no_room),
		IN_ROUTER(all_keys_of_a_match_must_be_met),
		IN_ROUTER(left_is_not_for_those_who_see_the_row_still),
		IN_ROUTER(left_behind_a_pending_event_is_still_not_for_those_who_see_the_row),
		IN_ROUTER(a_stream_that_matches_nothing_sees_no_row_leave_for_another_audience),
		IN_ROUTER(an_event_for_everyone_reaches_every_stream_of_its_topic),
		IN_ROUTER(a_star_is_an_ordinary_key_where_the_event_does_not_say_everyone),
		IN_ROUTER(a_stream_takes_its_topics_and_its_events_only),
		IN_ROUTER(an_event_that_is_too_long_goes_out_without_its_data),
		IN_ROUTER(the_log_says_from_where_on_it_can_continue),
		IN_ROUTER(a_restart_drops_whoever_had_something_left_to_be_sent),
		IN_ROUTER(a_cursor_of_before_a_jump_of_ids_is_not_held),
		IN_ROUTER(a_tick_is_whole_when_all_of_it_was_read_and_not_before),
		IN_ROUTER(the_head_only_goes_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
