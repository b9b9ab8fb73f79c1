/* SPDX-License-Identifier: PostgreSQL */
#include "hub/subscriber.h"

#include "hub.h"

static struct router router;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {make_def("/all", "orders", NULL, NULL),
				    make_def("/mine", "orders", "user_id", NULL)};

	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	define(&router, defs, ARRAY_SIZE(defs));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	router_release(&router);
	return 0;
}

static void publish(struct cursor at, struct keys audience, const char *data, size_t len)
{
	struct event event = {.at = at,
			      .topic = T("orders"),
			      .name = T("insert"),
			      .audience = audience,
			      .data = {data, len}};

	router_publish(&router, &event);
}

/* Events of many lengths, half of them for user 7; what user 7 must get is appended to expected. */
static void publish_many(struct buf *expected, bool bare, int64_t count)
{
	char data[3000];

	memset(data, '7', sizeof(data));
	for (int64_t i = 0; i < count; i++) {
		struct cursor at = {router.head.tick + 1, i};
		size_t len = (size_t)(i * i * 37 % (i % 10 == 0 ? 3000 : 40)) + 1;

		if (i % 2 == 0)
			publish(at, KEYS(T("user_id=7")), data, len);
		else
			publish(at, KEYS(T("user_id=8")), data, len);
		if (i % 2 == 0 && bare)
			frame_append_bare(expected, FRAME_NAMED, &at, T("insert"),
					  (struct text){data, len});
		else if (i % 2 == 0)
			frame_append(expected, FRAME_EVENTS, FRAME_NAMED, false, &at, T("insert"),
				     (struct text){data, len});
	}
}

static void assert_same(const struct buf *got, const struct buf *expected)
{
	assert_int_equal(got->len, expected->len);
	assert_memory_equal(got->data, expected->data, got->len);
}

static void send_in_pieces(bool bare, uint32_t seed, size_t largest)
{
	struct subscriber sub = {.bare = bare};
	struct buf got, expected;

	buf_init(&got);
	buf_init(&expected);
	join_live(&router, &sub, "/mine", KEYS(T("user_id=7")));
	publish_many(&expected, bare, 300);
	while (sub.pending)
		send_some(&router, &sub, largest == 1 ? 1 : next_random(&seed) % (largest + 1),
			  &got);
	assert_same(&got, &expected);
	assert_int_equal(sub.skip, 0);
	subscriber_leave(&sub);
	buf_release(&got);
	buf_release(&expected);
}

TEST(pieces_of_any_size_make_the_same_bytes_as_one)
{
	static const size_t largest[] = {1, 2, 13, 100, 5000, 1000000};

	for (size_t i = 0; i < ARRAY_SIZE(largest); i++) {
		send_in_pieces(false, 20261122 + (uint32_t)i, largest[i]);
		send_in_pieces(true, 77 + (uint32_t)i, largest[i]);
	}
}

/* Nothing counts as a frame that has ended. */
static bool ends_a_frame(const struct buf *bytes, bool bare)
{
	const char *end = bare ? "\n\n" : "\n\n\r\n";
	size_t len = strlen(end);

	return bytes->len == 0 ||
	       (bytes->len >= len && memcmp(bytes->data + bytes->len - len, end, len) == 0);
}

/* Three frames, cut once at each place, from nothing to everything; then the rest. */
TEST(a_cut_at_every_byte_is_continued_at_that_byte)
{
	for (int bare = 0; bare < 2; bare++) {
		struct subscriber sub = {.bare = bare};
		struct buf expected;

		buf_init(&expected);
		join_live(&router, &sub, "/mine", KEYS(T("user_id=7")));
		publish_many(&expected, bare, 6);
		for (size_t cut = 0; cut <= expected.len; cut++) {
			struct buf got;

			buf_init(&got);
			router_go_live(&router, &sub,
				       (struct cursor){router.head.tick - 6, CURSOR_TICK_END});
			send_some(&router, &sub, cut, &got);
			assert_int_equal(got.len, cut);
			assert_int_equal(sub.pending, cut < expected.len);
			assert_int_equal(sub.skip == 0, ends_a_frame(&got, bare));
			send_all(&router, &sub, &got);
			assert_same(&got, &expected);
			buf_release(&got);
		}
		subscriber_leave(&sub);
		buf_release(&expected);
	}
}

TEST(a_subscriber_that_waits_is_sent_nothing_until_it_is_live)
{
	struct subscriber sub = {.stream = NULL};
	struct cursor before = router.head;

	join(&router, &sub, "/mine", KEYS(T("user_id=7")));
	publish(AT(10, 1), KEYS(T("user_id=7")), "1", 1);
	publish(AT(10, 2), KEYS(T("user_id=7")), "2", 1);
	assert_false(sub.live || sub.pending);
	router_go_live(&router, &sub, before);
	assert_sees(&router, &sub, "1 2 ");
	publish(AT(11, 1), KEYS(T("user_id=7")), "3", 1);
	assert_sees(&router, &sub, "3 ");
	subscriber_leave(&sub);
}

TEST(a_subscriber_may_wait_again_and_gets_what_comes_behind_its_new_place)
{
	struct subscriber sub = {.stream = NULL};

	join_live(&router, &sub, "/mine", KEYS(T("user_id=7")));
	publish(AT(10, 1), KEYS(T("user_id=7")), "1", 1);
	assert_true(sub.pending);
	subscriber_wait(&sub);
	publish(AT(10, 2), KEYS(T("user_id=7")), "2", 1);
	assert_false(sub.live || sub.pending);
	router_go_live(&router, &sub, AT(10, 1));
	assert_sees(&router, &sub, "2 ");
	subscriber_leave(&sub);
}

TEST(what_was_sent_by_other_means_is_not_sent_again)
{
	struct subscriber sub = {.stream = NULL};

	join(&router, &sub, "/mine", KEYS(T("user_id=7")));
	publish(AT(10, 1), KEYS(T("user_id=7")), "1", 1);
	router_go_live(&router, &sub, AT(10, CURSOR_TICK_END)); /* a page held all of tick 10 */
	publish(AT(10, 2), KEYS(T("user_id=7")), "2", 1);
	publish(AT(10, 3), KEYS(T("user_id=7")), "3", 1);
	publish(AT(11, 1), KEYS(T("user_id=7")), "4", 1);
	assert_sees(&router, &sub, "4 ");
	subscriber_leave(&sub);
}

TEST(the_same_key_twice_is_one_event_and_leaves_cleanly)
{
	struct subscriber sub = {.stream = NULL}, other = {.stream = NULL};

	join_live(&router, &sub, "/mine", KEYS(T("user_id=7"), T("user_id=7"), T("user_id=8")));
	join_live(&router, &other, "/mine", KEYS(T("user_id=7")));
	publish(AT(10, 1), KEYS(T("user_id=7"), T("user_id=8")), "1", 1);
	assert_sees(&router, &sub, "1 ");
	assert_sees(&router, &other, "1 ");
	subscriber_leave(&sub);
	publish(AT(10, 2), KEYS(T("user_id=7")), "2", 1);
	assert_sees(&router, &other, "2 ");
	subscriber_leave(&other);
	assert_int_equal(stream_at(&router, "/mine")->index.count, 0);
}

static bool has(const struct subscriber *sub, struct keys keys)
{
	struct buf bytes;
	bool answer;

	buf_init(&bytes);
	stream_append_keys(sub->stream, keys, SIZE_MAX, &bytes);
	answer = part_has_keys(&sub->one, bytes.data, (uint32_t)keys.count);
	buf_release(&bytes);
	return answer;
}

TEST(keys_are_the_same_when_neither_side_has_one_more)
{
	struct subscriber sub = {.stream = NULL};

	join_live(&router, &sub, "/mine", KEYS(T("user_id=7"), T("user_id=8")));
	assert_true(has(&sub, KEYS(T("user_id=8"), T("user_id=7"))));
	assert_true(has(&sub, KEYS(T("user_id=8"), T("user_id=7"), T("user_id=7"))));
	assert_false(has(&sub, KEYS(T("user_id=7"))));
	assert_false(has(&sub, KEYS(T("user_id=7"), T("user_id=7"))));
	assert_false(has(&sub, KEYS(T("user_id=7"), T("user_id=9"))));
	assert_false(has(&sub, KEYS(T("user_id=7"), T("user_id=8"), T("user_id=9"))));
	subscriber_leave(&sub);
}

TEST(who_has_left_is_in_no_list_and_may_leave_again)
{
	struct subscriber sub = {.stream = NULL};
	struct stream *s = stream_at(&router, "/mine");

	join_live(&router, &sub, "/mine", KEYS(T("user_id=7")));
	publish(AT(10, 1), KEYS(T("user_id=7")), "1", 1);
	assert_int_equal(times_touched(&router, &sub), 1);
	assert_int_equal(s->subscriber_count, 1);
	subscriber_leave(&sub);
	subscriber_leave(&sub);
	assert_int_equal(s->subscriber_count, 0);
	assert_true(list_empty(&s->subscribers) && list_empty(&router.touched));
	assert_int_equal(s->index.count, 0);
	assert_false(subscriber_fell_off(&sub, &router.log));
	publish(AT(10, 2), KEYS(T("user_id=7")), "2", 1);
	assert_false(sub.pending);
}

TEST(who_is_too_slow_falls_off_the_log_and_nobody_else_does)
{
	static char data[100000];
	struct subscriber slow = {.stream = NULL}, quick = {.stream = NULL},
			  idle = {.stream = NULL};
	struct buf got;

	buf_init(&got);
	memset(data, 'x', sizeof(data));
	join_live(&router, &slow, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &quick, "/mine", KEYS(T("user_id=7")));
	join_live(&router, &idle, "/mine", KEYS(T("user_id=9")));
	for (int64_t i = 1; i <= 40; i++) {
		publish(AT(10, i), KEYS(T("user_id=7")), data, sizeof(data));
		if (i == 1)
			send_some(&router, &slow, 17, &got); /* in the middle of a frame */
		send_all(&router, &quick, &got);
		assert_int_equal(subscriber_fell_off(&slow, &router.log),
				 slow.one.position < slow.stream->first);
		assert_false(subscriber_fell_off(&idle, &router.log));
	}
	assert_true(subscriber_fell_off(&slow, &router.log));
	publish(AT(11, 1), KEYS(T("user_id=9")), "1", 1);
	assert_sees(&router, &idle, "1 ");
	subscriber_leave(&slow);
	subscriber_leave(&quick);
	subscriber_leave(&idle);
	buf_release(&got);
}

TEST(a_look_at_thousands_of_events_of_others_ends_and_goes_on)
{
	struct subscriber sub = {.stream = NULL};
	struct buf got, expected;
	struct gather g;
	struct stream_def def = make_def("/one", "small", "user_id", NULL);
	int looks = 0;

	buf_init(&got);
	buf_init(&expected);
	router_release(&router);
	router_init(&router, (size_t)64 << 20);
	router_restart(&router, AT(1, 0));
	define(&router, &def, 1);
	for (int64_t i = 1; i <= 150001; i++) {
		struct cursor at = {2, i};
		struct event event = {
			.at = at, .topic = T("small"), .name = T("n"), .data = T("1")};

		event.audience = i == 150001 ? KEYS(T("user_id=7")) : KEYS(T("user_id=8"));
		router_publish(&router, &event);
	}
	frame_append(&expected, FRAME_EVENTS, FRAME_NAMED, false, &router.head, T("n"), T("1"));
	join(&router, &sub, "/one", KEYS(T("user_id=7")));
	router_go_live(&router, &sub, AT(1, 0));
	for (; sub.pending; looks++) {
		subscriber_gather(&sub, &router.log, &g);
		assert_true(g.until[0] > sub.one.position &&
			    g.until[0] - sub.one.position < 100000);
		send_some(&router, &sub, SIZE_MAX, &got);
	}
	assert_true(looks >= 2);
	assert_same(&got, &expected);
	subscriber_leave(&sub);
	buf_release(&got);
	buf_release(&expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pieces_of_any_size_make_the_same_bytes_as_one,
						open_router, close_router),
		cmocka_unit_test_setup_teardown(a_cut_at_every_byte_is_continued_at_that_byte,
						open_router, close_router),
		cmocka_unit_test_setup_teardown(
			a_subscriber_that_waits_is_sent_nothing_until_it_is_live, open_router,
			close_router),
		cmocka_unit_test_setup_teardown(
			a_subscriber_may_wait_again_and_gets_what_comes_behind_its_new_place,
			open_router, close_router),
		cmocka_unit_test_setup_teardown(what_was_sent_by_other_means_is_not_sent_again,
						open_router, close_router),
		cmocka_unit_test_setup_teardown(the_same_key_twice_is_one_event_and_leaves_cleanly,
						open_router, close_router),
		cmocka_unit_test_setup_teardown(keys_are_the_same_when_neither_side_has_one_more,
						open_router, close_router),
		cmocka_unit_test_setup_teardown(who_has_left_is_in_no_list_and_may_leave_again,
						open_router, close_router),
		cmocka_unit_test_setup_teardown(
			who_is_too_slow_falls_off_the_log_and_nobody_else_does, open_router,
			close_router),
		cmocka_unit_test_setup_teardown(
			a_look_at_thousands_of_events_of_others_ends_and_goes_on, open_router,
			close_router),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
