/* SPDX-License-Identifier: PostgreSQL */
/* Who is touched is in the list once, whatever comes together in one turn. */
#include "hub/router.h"

#include "hub.h"

static struct router router;
static struct subscriber a, b;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def def = make_def("/mine", "orders", "user_id", NULL);

	a = b = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	define(&router, &def, 1);
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	subscriber_leave(&a);
	subscriber_leave(&b);
	router_release(&router);
	return 0;
}

static void publish(struct keys audience, const char *data)
{
	struct event event = {.at = AT(router.head.tick + 1, 1),
			      .topic = T("orders"),
			      .name = T("insert"),
			      .audience = audience,
			      .data = text_of(data)};

	router_publish(&router, &event);
}

TEST(a_subscriber_that_is_touched_again_is_in_the_list_once)
{
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	publish(KEYS(T("user_id=7")), "1");
	router_touch_again(&router, &a);
	router_touch_again(&router, &a);
	publish(KEYS(T("user_id=7")), "2");
	assert_sees(&router, &a, "1 2 ");
}

/* It was touched for what is not in the log, as opening_reset does; then an event comes in the same
 * turn. */
TEST(an_event_for_one_who_was_touched_without_any_touches_no_second_time)
{
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &b, "/mine", KEYS(T("user_id=8")));
	router_touch_again(&router, &a);
	publish(KEYS(T("user_id=8")), "1");
	publish(KEYS(T("user_id=7")), "2");
	assert_int_equal(times_touched(&router, &b), 1); /* still in the list */
	assert_int_equal(times_touched(&router, &a), 1);
	assert_sees(&router, &b, "1 ");
	assert_sees(&router, &a, "2 ");
}

/* Sent by its socket's readiness while it was in the list; then an event comes in the same turn. */
TEST(an_event_for_one_who_was_sent_all_while_touched_touches_no_second_time)
{
	struct buf got;

	buf_init(&got);
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	publish(KEYS(T("user_id=7")), "1");
	send_all(&router, &a, &got);
	buf_release(&got);
	publish(KEYS(T("user_id=7")), "2");
	assert_int_equal(times_touched(&router, &a), 1);
	assert_sees(&router, &a, "2 ");
}

TEST(the_touched_are_due_long_before_the_log_forgets_what_they_have_not_been_sent)
{
	static char data[20001];
	struct list now;

	memset(data, 'x', sizeof(data) - 1);
	join_live(&router, &a, "/mine", KEYS(T("user_id=7")));
	publish(KEYS(T("user_id=7")), "1");
	assert_false(router_is_due(&router));
	for (int i = 0; i < 100 && !router_is_due(&router); i++)
		publish(KEYS(T("user_id=7")), data);
	assert_true(router_is_due(&router));
	assert_true(router.log.head - router.log.tail < router.log.cap / 2 &&
		    !subscriber_fell_off(&a, &router.log));
	router_take_touched(&router, &now);
	assert_ptr_equal(list_first(&now, struct subscriber, touched), &a);
	assert_true(list_empty(&router.touched));
	assert_false(router_is_due(&router));
	list_remove(&a.touched);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROUTER(
			the_touched_are_due_long_before_the_log_forgets_what_they_have_not_been_sent),
		IN_ROUTER(a_subscriber_that_is_touched_again_is_in_the_list_once),
		IN_ROUTER(an_event_for_one_who_was_touched_without_any_touches_no_second_time),
		IN_ROUTER(an_event_for_one_who_was_sent_all_while_touched_touches_no_second_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
