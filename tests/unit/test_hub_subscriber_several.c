/* SPDX-License-Identifier: PostgreSQL */
/* One subscriber of several streams: what comes once, and what is for none of them. */
#include "hub/subscriber.h"

#include "hub.h"

static struct router router;
static struct subscriber sub;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {make_def("/mine", "orders", "user_id", NULL),
				    make_def("/store", "orders", "store", NULL),
				    make_def("/news", "news", NULL, NULL)};

	sub = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	define(&router, defs, ARRAY_SIZE(defs));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	subscriber_leave(&sub);
	router_release(&router);
	return 0;
}

static void tell(const char *topic, const char *name, struct keys audience, struct keys unless,
		 const char *data)
{
	struct event event = {.at = AT(router.head.tick + 1, 1),
			      .topic = text_of(topic),
			      .name = text_of(name),
			      .audience = audience,
			      .unless = unless,
			      .data = text_of(data)};

	router_publish(&router, &event);
}

static void join_three(void)
{
	subscriber_expect(&sub, 3);
	join(&router, &sub, "/mine", KEYS(T("user_id=7")));
	join(&router, &sub, "/store", KEYS(T("store=a")));
	join(&router, &sub, "/news", NOBODY);
	router_go_live(&router, &sub, router.head);
}

TEST(what_two_streams_show_is_sent_once_and_touches_once)
{
	join_three();
	tell("orders", "insert", KEYS(T("user_id=7"), T("store=a")), NOBODY, "1");
	tell("news", "said", NOBODY, NOBODY, "2");
	tell("orders", "insert", KEYS(T("store=a")), NOBODY, "3");
	tell("orders", "insert", KEYS(T("store=b"), T("user_id=8")), NOBODY, "4");
	assert_sees(&router, &sub, "1 2 3 ");
}

TEST(left_is_not_for_who_sees_the_row_by_another_stream_though_it_was_not_in_that_before)
{
	join_three();
	tell("orders", "left", KEYS(T("user_id=7")), KEYS(T("user_id=8"), T("store=a")), "1");
	tell("orders", "left", KEYS(T("user_id=7")), KEYS(T("user_id=8"), T("store=b")), "2");
	tell("orders", "left", KEYS(T("user_id=7"), T("store=a")), KEYS(T("user_id=7")), "3");
	assert_sees(&router, &sub, "2 ");
}

TEST(an_event_that_only_says_who_sees_a_row_still_is_nobodys)
{
	struct stream *s = stream_at(&router, "/store");

	join_three();
	tell("orders", "left", NOBODY, KEYS(T("store=a")), "1");
	assert_false(sub.pending);
	assert_int_equal(s->next, 0); /* it is not even in the log */
	tell("orders", "left", KEYS(T("user_id=8")), KEYS(T("store=a")), "2");
	assert_int_equal(s->next, 1);
	assert_false(sub.pending);
}

TEST(a_filter_is_its_own_parts_and_what_it_rejects_touches_nobody)
{
	static char update[] = "update", start[] = "updat";

	subscriber_expect(&sub, 2);
	join(&router, &sub, "/mine", KEYS(T("user_id=7")));
	part_narrow(&sub.parts[0], (char *[]){update, start}, 2);
	join(&router, &sub, "/news", NOBODY);
	router_go_live(&router, &sub, router.head);
	tell("orders", "insert", KEYS(T("user_id=7")), NOBODY, "1");
	tell("orders", "updates", KEYS(T("user_id=7")), NOBODY, "2");
	assert_true(list_empty(&router.touched) && !sub.pending);
	tell("news", "insert", NOBODY, NOBODY, "3");
	tell("orders", "update", KEYS(T("user_id=7")), NOBODY, "4");
	tell("orders", "left", KEYS(T("user_id=7")), KEYS(T("user_id=8")), "5");
	assert_sees(&router, &sub, "3 4 5 ");
}

TEST(the_log_must_hold_what_is_missed_of_every_stream)
{
	struct cursor before = router.head;

	join_three();
	tell("orders", "insert", KEYS(T("user_id=7")), NOBODY, "1");
	assert_true(router_holds_for(&router, &sub, before));
	stream_at(&router, "/news")->since = router.head;
	assert_false(router_holds_for(&router, &sub, before));
	assert_true(router_holds_for(&router, &sub, router.head));
}

TEST(events_of_others_that_were_forgotten_meanwhile_were_not_missed)
{
	static char data[100001];

	memset(data, 'x', sizeof(data) - 1);
	join_three();
	for (int i = 0; i < 30; i++)
		tell("orders", "insert", KEYS(T("store=b")), NOBODY, data);
	tell("news", "said", NOBODY, NOBODY, "1");
	assert_false(subscriber_fell_off(&sub, &router.log));
	assert_sees(&router, &sub, "1 ");
}

TEST(behind_an_event_that_one_stream_misses_nothing_of_another_is_sent_but_the_rest_of_a_frame)
{
	struct buf out;

	buf_init(&out);
	join_three();
	tell("news", "said", NOBODY, NOBODY, "1");
	tell("news", "said", NOBODY, NOBODY, "2");
	send_some(&router, &sub, 5, &out);
	assert_int_equal(sub.skip, 5);
	stream_at(&router, "/mine")->holed = true; /* by an event that came before the next one */
	tell("news", "said", NOBODY, NOBODY, "3");
	assert_true(send_some(&router, &sub, SIZE_MAX, &out));
	assert_non_null(strstr(out.data, "data: 1"));
	assert_null(strstr(out.data, "data: 2"));
	assert_false(send_some(&router, &sub, SIZE_MAX, &out));
	assert_true(sub.pending);
	stream_at(&router, "/mine")->holed = false;
	assert_sees(&router, &sub, "2 3 ");
	buf_release(&out);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROUTER(what_two_streams_show_is_sent_once_and_touches_once),
		IN_ROUTER(
			left_is_not_for_who_sees_the_row_by_another_stream_though_it_was_not_in_that_before),
		IN_ROUTER(an_event_that_only_says_who_sees_a_row_still_is_nobodys),
		IN_ROUTER(a_filter_is_its_own_parts_and_what_it_rejects_touches_nobody),
		IN_ROUTER(events_of_others_that_were_forgotten_meanwhile_were_not_missed),
		IN_ROUTER(
			behind_an_event_that_one_stream_misses_nothing_of_another_is_sent_but_the_rest_of_a_frame),
		IN_ROUTER(the_log_must_hold_what_is_missed_of_every_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
