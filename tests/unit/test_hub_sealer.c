/* SPDX-License-Identifier: PostgreSQL */
/* What is sealed, and how often. The sealer of these tests only puts brackets around what it is
 * given, and counts. */
#include "hub/sealer.h"

#include "base/log.h"

#include "hub.h"

static struct router router;
static struct subscriber a, b, c;
static int sealings;
static bool broken;

static bool put_in_brackets(void *ctx, struct text plain, struct buf *out)
{
	assert_ptr_equal(ctx, &router);
	sealings++;
	if (broken)
		return false;
	buf_appendf(out, "<%.*s>", (int)plain.len, plain.bytes);
	return true;
}

static int64_t say_time(void)
{
	return 1234567890123;
}

/* Streams of topic "t": three that are sealed (two of them named), and two in clear. */
static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {
		make_def("/sealed", "t", NULL, NULL),
		make_def("/sealed/too", "t", NULL, NULL),
		make_def("/message", "t", NULL, NULL),
		make_def("/clear", "t", NULL, NULL),
		make_def("/clear/message", "t", NULL, NULL),
	};

	defs[0].sealed = defs[1].sealed = defs[2].sealed = true;
	defs[2].format = defs[4].format = FRAME_MESSAGE;
	log_setup(LOG_ERROR, false);
	sealings = 0;
	broken = false;
	a = b = c = (struct subscriber){.stream = NULL};
	router_init(&router, 0);
	router.sealer.seal = put_in_brackets;
	router.sealer.now_ms = say_time;
	router.sealer.ctx = &router;
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
	struct event event = {.at = AT(router.head.tick + 1, 1),
			      .topic = T("t"),
			      .name = T("insert"),
			      .data = text_of(data)};

	router_publish(&router, &event);
}

static void assert_gets(struct subscriber *sub, const char *expected)
{
	struct buf out;

	buf_init(&out);
	sub->bare = true;
	send_all(&router, sub, &out);
	assert_string_equal(out.data, expected);
	buf_release(&out);
}

static void assert_sealed(enum frame_format format, const char *data, const char *expected)
{
	enum frame_format framed = format;
	struct text text = text_of(data);

	assert_true(sealer_seal(&router.sealer, T("na\"me"), &framed, &text));
	assert_int_equal(framed, format == FRAME_MESSAGE ? FRAME_NAMELESS : FRAME_NAMED);
	assert_int_equal(text.len, strlen(expected));
	assert_memory_equal(text.bytes, expected, text.len);
}

#define NOW "\"timestamp\":1234567890123}>"

TEST(the_time_stands_behind_the_members_of_an_object)
{
	assert_sealed(FRAME_NAMED, "{\"a\": 1.50, \"b\": {\"c\": [1, 2]}}",
		      "<{\"a\":1.50,\"b\":{\"c\": [1, 2]}," NOW);
	assert_sealed(FRAME_NAMED, "{}", "<{" NOW);
	assert_sealed(FRAME_MESSAGE, "{\"a\": 1}", "<{\"type\":\"na\\\"me\",\"a\":1," NOW);
	assert_sealed(FRAME_MESSAGE, "{}", "<{\"type\":\"na\\\"me\"," NOW);
}

TEST(what_is_no_object_becomes_a_member)
{
	assert_sealed(FRAME_NAMED, "[1, 2]", "<{\"data\":[1, 2]," NOW);
	assert_sealed(FRAME_NAMED, "\"{\"", "<{\"data\":\"{\"," NOW);
	assert_sealed(FRAME_NAMED, "null", "<{\"data\":null," NOW);
	assert_sealed(FRAME_MESSAGE, "5", "<{\"type\":\"na\\\"me\",\"data\":5," NOW);
}

TEST(the_time_and_the_type_are_the_servers_and_no_member_comes_twice)
{
	assert_sealed(FRAME_NAMED, "{\"timestamp\": 1, \"type\": 2, \"Timestamp\": 3}",
		      "<{\"type\":2,\"Timestamp\":3," NOW);
	assert_sealed(FRAME_NAMED, "{\"a\": {\"timestamp\": 1}}",
		      "<{\"a\":{\"timestamp\": 1}," NOW);
	assert_sealed(FRAME_MESSAGE, "{\"type\": 2, \"timestamp\": 1}",
		      "<{\"type\":\"na\\\"me\"," NOW);
}

TEST(sealed_streams_get_what_is_sealed_and_others_the_data)
{
	join_live(&router, &a, "/sealed", NOBODY);
	join_live(&router, &b, "/message", NOBODY);
	join_live(&router, &c, "/clear", NOBODY);
	publish("{\"n\": 1}");
	assert_gets(&a, "id: 2-1\nevent: insert\ndata: <{\"n\":1," NOW "\n\n");
	assert_gets(&b, "id: 2-1\ndata: <{\"type\":\"insert\",\"n\":1," NOW "\n\n");
	assert_gets(&c, "id: 2-1\nevent: insert\ndata: {\"n\": 1}\n\n");
}

TEST(an_event_is_sealed_once_for_each_format_whatever_the_streams_and_subscribers)
{
	join_live(&router, &a, "/sealed", NOBODY);
	join_live(&router, &b, "/sealed", NOBODY);
	join_live(&router, &c, "/sealed/too", NOBODY);
	publish("{}");
	assert_int_equal(sealings, 2);
	assert_gets(&a, "id: 2-1\nevent: insert\ndata: <{" NOW "\n\n");
	assert_gets(&b, "id: 2-1\nevent: insert\ndata: <{" NOW "\n\n");
	assert_gets(&c, "id: 2-1\nevent: insert\ndata: <{" NOW "\n\n");
}

static void assert_nothing_for(struct subscriber *sub)
{
	assert_false(sub->pending);
	assert_int_equal(sub->stream->first, sub->stream->next);
}

TEST(what_cannot_be_sealed_goes_to_nobody_and_the_others_get_it)
{
	join_live(&router, &a, "/sealed", NOBODY);
	join_live(&router, &b, "/message", NOBODY);
	join_live(&router, &c, "/clear", NOBODY);
	broken = true;
	publish("{\"n\": 1}");
	assert_nothing_for(&a);
	assert_nothing_for(&b);
	assert_gets(&c, "id: 2-1\nevent: insert\ndata: {\"n\": 1}\n\n");
	assert_true(router.holed && a.stream->holed && b.stream->holed && !c.stream->holed);
}

TEST(without_a_sealer_nothing_is_sealed)
{
	router.sealer.seal = NULL;
	join_live(&router, &a, "/sealed", NOBODY);
	publish("{}");
	assert_nothing_for(&a);
	assert_true(a.stream->holed);
}

TEST(behind_an_event_that_is_missing_nothing_comes_until_the_subscribers_are_closed)
{
	join_live(&router, &a, "/sealed", NOBODY);
	broken = true;
	publish("{\"n\": 1}");
	broken = false;
	publish("{\"n\": 2}");
	assert_nothing_for(&a);
	a.stream->holed = router.holed = false;
	publish("{\"n\": 3}");
	assert_gets(&a, "id: 4-1\nevent: insert\ndata: <{\"n\":3," NOW "\n\n");
}

TEST(the_log_does_not_answer_for_a_cursor_in_front_of_an_event_that_is_missing)
{
	struct stream *sealed = stream_at(&router, "/sealed"),
		      *clear = stream_at(&router, "/clear");

	publish("{}");
	broken = true;
	publish("{}"); /* 3-1 */
	publish("{}"); /* 4-1 */
	broken = sealed->holed = router.holed = false;
	publish("{}"); /* 5-1 */
	assert_false(router_holds(&router, sealed, FRAME_EVENTS, AT(2, 1)));
	assert_false(router_holds(&router, sealed, FRAME_EVENTS, AT(3, 1)));
	assert_true(router_holds(&router, sealed, FRAME_EVENTS, AT(4, 1)));
	assert_true(router_holds(&router, clear, FRAME_EVENTS, AT(2, 1)));
}

TEST(a_stream_that_is_sealed_from_now_on_is_another_one)
{
	struct stream_def defs[] = {make_def("/clear", "t", NULL, NULL)};
	struct stream *clear = stream_at(&router, "/clear");

	join_live(&router, &a, "/clear", NOBODY);
	defs[0].sealed = true;
	define(&router, defs, 1);
	assert_true(clear->gone);
	assert_true(stream_at(&router, "/clear")->def.sealed);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROUTER(the_time_stands_behind_the_members_of_an_object),
		IN_ROUTER(what_is_no_object_becomes_a_member),
		IN_ROUTER(the_time_and_the_type_are_the_servers_and_no_member_comes_twice),
		IN_ROUTER(sealed_streams_get_what_is_sealed_and_others_the_data),
		IN_ROUTER(
			an_event_is_sealed_once_for_each_format_whatever_the_streams_and_subscribers),
		IN_ROUTER(what_cannot_be_sealed_goes_to_nobody_and_the_others_get_it),
		IN_ROUTER(without_a_sealer_nothing_is_sealed),
		IN_ROUTER(
			behind_an_event_that_is_missing_nothing_comes_until_the_subscribers_are_closed),
		IN_ROUTER(
			the_log_does_not_answer_for_a_cursor_in_front_of_an_event_that_is_missing),
		IN_ROUTER(a_stream_that_is_sealed_from_now_on_is_another_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
