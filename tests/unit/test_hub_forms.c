/* SPDX-License-Identifier: PostgreSQL */
/* The forms of a stream: framed for who wants them, from then on, and sealed once for all. The
 * packer of these tests only puts brackets around what it is given, and counts. */
#include "hub/router.h"

#include "base/log.h"

#include "hub.h"

static struct router router;
static struct subscriber a, b, c;
static int packings, sealings;

static void put_in_brackets(void *ctx, struct text plain, struct buf *out, struct packsum *ret_sum)
{
	assert_ptr_equal(ctx, &router);
	packings++;
	buf_appendf(out, "[%.*s]", (int)plain.len, plain.bytes);
	*ret_sum = (struct packsum){(uint32_t)packings, (uint32_t)plain.len, 77};
}

static bool put_in_angles(void *ctx, struct text plain, struct buf *out)
{
	(void)ctx;
	sealings++;
	buf_appendf(out, "<%.*s>", (int)plain.len, plain.bytes);
	return true;
}

static int64_t say_time(void)
{
	return 5;
}

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {
		make_def("/a", "t", NULL, NULL), make_def("/message", "t", NULL, NULL),
		make_def("/sealed", "t", NULL, NULL), make_def("/sealed/message", "t", NULL, NULL)};

	defs[1].format = defs[3].format = FRAME_MESSAGE;
	defs[2].sealed = defs[3].sealed = true;
	log_setup(LOG_ERROR, false);
	packings = sealings = 0;
	a = b = c = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router.packer.pack = put_in_brackets;
	router.packer.ctx = &router;
	router.sealer.seal = put_in_angles;
	router.sealer.now_ms = say_time;
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

static void publish(const char *data)
{
	router_publish(&router, &(struct event){.at = AT(router.head.tick + 1, 1),
						.topic = T("t"),
						.name = T("n"),
						.data = text_of(data)});
}

static void open_in(struct subscriber *sub, const char *path, enum frame_form form)
{
	*sub = (struct subscriber){.form = form, .bare = true};
	router_want_form(&router, stream_at(&router, path), form);
	join_live(&router, sub, path, NOBODY);
}

static void assert_sent(struct subscriber *sub, const char *expected)
{
	struct buf out;

	buf_init(&out);
	send_all(&router, sub, &out);
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

TEST(each_form_is_made_once_for_all_its_subscribers)
{
	open_in(&a, "/a", FRAME_EVENTS);
	open_in(&b, "/a", FRAME_PACKED);
	open_in(&c, "/a", FRAME_LINES);
	publish("{\"x\": 1}");
	assert_sent(&a, "id: 2-1\nevent: n\ndata: {\"x\": 1}\n\n");
	assert_sent(&b, "[id: 2-1\nevent: n\ndata: {\"x\": 1}\n\n]");
	assert_sent(&c, "{\"id\":\"2-1\",\"event\":\"n\",\"data\":{\"x\": 1}}\n");
	subscriber_leave(&a);
	open_in(&a, "/a", FRAME_PACKED);
	publish("2");
	assert_sent(&a, "[id: 3-1\nevent: n\ndata: 2\n\n]");
	assert_sent(&b, "[id: 3-1\nevent: n\ndata: 2\n\n]");
	assert_int_equal(packings, 2);
}

TEST(a_form_that_nobody_wants_is_not_made)
{
	open_in(&a, "/a", FRAME_EVENTS);
	open_in(&b, "/message", FRAME_LINES);
	publish("{}");
	assert_int_equal(packings, 0);
	assert_int_equal(stream_entry_at(stream_at(&router, "/a"), 0)->frames[FRAME_LINES].len, 0);
	assert_int_equal(stream_entry_at(stream_at(&router, "/a"), 0)->frames[FRAME_PACKED].len, 0);
	assert_sent(&b, "{\"id\":\"2-1\",\"event\":\"n\",\"data\":{\"type\":\"n\"}}\n");
}

TEST(the_log_holds_a_form_from_the_event_on_behind_which_it_was_wanted)
{
	struct stream *s = stream_at(&router, "/a");

	publish("1");
	assert_true(router_holds(&router, s, FRAME_EVENTS, AT(1, 0)));
	assert_false(router_holds(&router, s, FRAME_LINES, router.head));
	router_want_form(&router, s, FRAME_LINES);
	publish("2");
	router_want_form(&router, s, FRAME_LINES); /* the second one changes nothing */
	assert_false(router_holds(&router, s, FRAME_LINES, AT(1, 5)));
	assert_true(router_holds(&router, s, FRAME_LINES, AT(2, 1)));
	assert_true(router_holds(&router, s, FRAME_LINES, AT(3, 1)));
	assert_false(router_holds(&router, s, FRAME_PACKED, AT(3, 1)));
	assert_false(router_holds(&router, stream_at(&router, "/message"), FRAME_LINES, AT(3, 1)));
	a = (struct subscriber){.form = FRAME_LINES, .bare = true};
	join(&router, &a, "/a", NOBODY);
	router_go_live(&router, &a, AT(2, 1));
	assert_sent(&a, "{\"id\":\"3-1\",\"event\":\"n\",\"data\":2}\n");
}

/* A database that was restored gives out ids that are smaller than those of before. */
TEST(a_history_that_begins_anew_holds_all_forms_from_its_beginning_on)
{
	struct stream *s = stream_at(&router, "/a");

	router_restart(&router, AT(900, 3));
	router_want_form(&router, s, FRAME_LINES);
	router_restart(&router, AT(7, 1));
	assert_false(router_holds(&router, s, FRAME_LINES, AT(7, 0)));
	assert_true(router_holds(&router, s, FRAME_LINES, AT(7, 1)));
}

TEST(an_event_is_sealed_once_for_all_forms)
{
	open_in(&a, "/sealed", FRAME_EVENTS);
	open_in(&b, "/sealed", FRAME_PACKED);
	open_in(&c, "/sealed", FRAME_LINES);
	publish("{\"x\": 1}");
	assert_sent(&a, "id: 2-1\nevent: n\ndata: <{\"x\":1,\"timestamp\":5}>\n\n");
	assert_sent(&b, "[id: 2-1\nevent: n\ndata: <{\"x\":1,\"timestamp\":5}>\n\n]");
	assert_sent(&c, "{\"id\":\"2-1\",\"event\":\"n\",\"data\":\"<{\\\"x\\\":1,"
			"\\\"timestamp\\\":5}>\"}\n");
	assert_int_equal(sealings, 2); /* the other one is of /sealed/message */
}

TEST(a_sealed_message_does_not_say_its_name)
{
	open_in(&c, "/sealed/message", FRAME_LINES);
	publish("{}");
	assert_sent(&c, "{\"id\":\"2-1\",\"event\":\"message\",\"data\":\"<{\\\"type\\\":\\\"n\\\","
			"\\\"timestamp\\\":5}>\"}\n");
}

TEST(the_sum_of_a_packed_frame_stands_in_front_of_its_chunk)
{
	struct gather g;
	struct packsum sum;

	open_in(&b, "/a", FRAME_PACKED);
	b.bare = false;
	publish("1");
	publish("22");
	subscriber_gather(&b, &router.log, &g);
	assert_int_equal(g.count, 2);
	sum = packer_sum(g.iov[1].iov_base);
	assert_int_equal(sum.crc, 2);
	assert_int_equal(sum.len, strlen("id: 3-1\nevent: n\ndata: 22\n\n"));
	assert_int_equal(sum.op, 77);
	assert_memory_equal((char *)g.iov[1].iov_base + 10, "[id: 3-1", 8);
}

#define UNIT(test) cmocka_unit_test_setup_teardown(test, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(each_form_is_made_once_for_all_its_subscribers),
		UNIT(a_form_that_nobody_wants_is_not_made),
		UNIT(the_log_holds_a_form_from_the_event_on_behind_which_it_was_wanted),
		UNIT(a_history_that_begins_anew_holds_all_forms_from_its_beginning_on),
		UNIT(an_event_is_sealed_once_for_all_forms),
		UNIT(a_sealed_message_does_not_say_its_name),
		UNIT(the_sum_of_a_packed_frame_stands_in_front_of_its_chunk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
