/* SPDX-License-Identifier: PostgreSQL */
/* Which streams there are, and which one a path opens, beside a router that has subscribers. */
#include "hub/router.h"

#include "hub.h"

static struct router router;
static struct subscriber sub, other;

static int open_router(void **state __attribute__((unused)))
{
	router_init(&router, 0);
	router_restart(&router, AT(1, 0));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	subscriber_leave(&sub);
	subscriber_leave(&other);
	router_release(&router);
	return 0;
}

static void publish(const char *topic, const char *data)
{
	struct event event = {.at = AT(router.head.tick + 1, 1),
			      .topic = text_of(topic),
			      .name = T("insert"),
			      .data = text_of(data)};

	router_publish(&router, &event);
}

/* Streams that match nothing; NULL ends the list of paths. Their topic is "t". */
static bool define_paths(const char *const *paths)
{
	struct stream_def defs[16];
	size_t count = 0;

	for (; paths[count] != NULL; count++)
		defs[count] = make_def(paths[count], "t", NULL, NULL);
	return define(&router, defs, count);
}

TEST(a_stream_that_is_defined_as_before_stays_with_its_subscribers_and_events)
{
	struct stream_def first[] = {make_def("/a", "t", NULL, NULL),
				     make_def("/b", "t", NULL, NULL)};
	struct stream_def second[] = {make_def("/c", "t", NULL, NULL),
				      make_def("/a", "t", NULL, NULL),
				      make_def("/b", "t", NULL, NULL)};
	struct stream *a;

	define(&router, first, ARRAY_SIZE(first));
	a = stream_at(&router, "/a");
	join_live(&router, &sub, "/a", NOBODY);
	publish("t", "1");
	define(&router, second, ARRAY_SIZE(second));
	assert_ptr_equal(stream_at(&router, "/a"), a);
	assert_false(a->gone);
	assert_true(list_empty(&router.catalog.gone));
	assert_int_equal(router.catalog.streams.count, 3);
	publish("t", "2");
	assert_sees(&router, &sub, "1 2 ");
}

TEST(a_changed_stream_is_a_new_one_and_the_old_one_ends_with_its_subscribers)
{
	struct stream_def first = make_def("/a", "t", NULL, NULL),
			  second = make_def("/a", "t,u", NULL, NULL);
	struct stream *a;

	define(&router, &first, 1);
	a = stream_at(&router, "/a");
	join_live(&router, &sub, "/a", NOBODY);
	publish("t", "1");
	define(&router, &second, 1);
	assert_ptr_not_equal(stream_at(&router, "/a"), a);
	assert_true(a->gone);
	join_live(&router, &other, "/a", NOBODY);
	publish("t", "2");
	publish("u", "3");
	assert_sees(&router, &sub, "1 "); /* what it had coming, but nothing new */
	assert_sees(&router, &other, "2 3 ");
	catalog_free_gone(&router.catalog);
	assert_false(list_empty(&router.catalog.gone));
	subscriber_leave(&sub);
	catalog_free_gone(&router.catalog);
	assert_true(list_empty(&router.catalog.gone));
}

TEST(a_stream_that_is_not_named_any_more_cannot_be_found)
{
	struct params params = {.count = 0};

	define_paths((const char *const[]){"/a", "/b", NULL});
	assert_non_null(catalog_find(&router.catalog, "/b", &params));
	define_paths((const char *const[]){"/a", NULL});
	assert_null(catalog_find(&router.catalog, "/b", &params));
	assert_non_null(catalog_find(&router.catalog, "/a", &params));
	router_define(&router, NULL, 0);
	assert_null(catalog_find(&router.catalog, "/a", &params));
	publish("t", "1");
	catalog_free_gone(&router.catalog);
	assert_true(list_empty(&router.catalog.gone));
}

TEST(it_is_told_whether_any_stream_is_another_one)
{
	struct stream_def another = make_def("/a", "u", NULL, NULL);

	assert_false(define_paths((const char *const[]){NULL}));
	assert_true(define_paths((const char *const[]){"/a", "/b", NULL}));
	assert_false(define_paths((const char *const[]){"/b", "/a", NULL}));
	assert_true(define_paths((const char *const[]){"/a", NULL}));
	assert_true(define(&router, &another, 1));
	assert_true(define_paths((const char *const[]){NULL}));
	catalog_free_gone(&router.catalog);
}

TEST(a_new_stream_begins_at_the_head)
{
	publish("t", "1");
	define_paths((const char *const[]){"/a", NULL});
	assert_true(router_holds(&router, stream_at(&router, "/a"), FRAME_EVENTS, router.head));
	assert_false(router_holds(&router, stream_at(&router, "/a"), FRAME_EVENTS, AT(1, 0)));
}

TEST(a_path_that_is_defined_twice_is_one_stream)
{
	define_paths((const char *const[]){"/a", "/a", NULL});
	assert_int_equal(router.catalog.streams.count, 1);
}

TEST(a_topic_that_a_stream_names_twice_does_not_double_its_events)
{
	struct stream_def def = make_def("/a", "t,t", NULL, NULL);

	define(&router, &def, 1);
	join_live(&router, &sub, "/a", NOBODY);
	publish("t", "1");
	assert_sees(&router, &sub, "1 ");
}

/* found: the path of the stream, and its parameters as "a=1;b=2"; NULL: none. */
static void assert_found(const char *path, const char *stream, const char *expected)
{
	struct params params = {.items = {{T("given"), T("0")}}, .count = 1};
	struct stream *s = catalog_find(&router.catalog, path, &params);
	char shown[512] = "";

	if (stream == NULL) {
		assert_null(s);
		assert_int_equal(params.count, 1);
		return;
	}
	assert_non_null(s);
	assert_string_equal(s->def.path, stream);
	assert_true(text_is(params.items[0].name, "given"));
	for (size_t i = 1; i < params.count; i++)
		snprintf(shown + strlen(shown), sizeof(shown) - strlen(shown), "%.*s=%.*s;",
			 (int)params.items[i].name.len, params.items[i].name.bytes,
			 (int)params.items[i].value.len, params.items[i].value.bytes);
	assert_string_equal(shown, expected);
}

TEST(a_path_fits_segment_by_segment)
{
	define_paths(
		(const char *const[]){"/a", "/a/b", "/orders/:id/stream", "/x/:one/:two", NULL});
	assert_found("/a", "/a", "");
	assert_found("/a/b", "/a/b", "");
	assert_found("/orders/17/stream", "/orders/:id/stream", "id=17;");
	assert_found("/x/1/2", "/x/:one/:two", "one=1;two=2;");
	assert_found("/x/:one/:two", "/x/:one/:two", "one=:one;two=:two;");
}

TEST(a_path_that_is_too_short_too_long_or_has_an_empty_segment_fits_nothing)
{
	static const char *const bad[] = {"",
					  "/",
					  "a",
					  "/A",
					  "/a/",
					  "//a",
					  "/a//b",
					  "/ab",
					  "/a/b/c",
					  "/orders//stream",
					  "/orders/17",
					  "/orders/17/stream/",
					  "/orders/1/7/stream",
					  "/x/1/",
					  "/x//2"};

	define_paths(
		(const char *const[]){"/a", "/a/b", "/orders/:id/stream", "/x/:one/:two", NULL});
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_found(bad[i], NULL, NULL);
}

TEST(the_stream_with_the_most_literal_segments_wins)
{
	for (int i = 0; i < 20; i++) { /* the order of the table is another each time */
		close_router(NULL);
		open_router(NULL);
		define_paths((const char *const[]){"/:a/:b/:c", "/x/:b/:c", "/x/:b/z", "/x/y/z",
						   "/:a/y/:c", NULL});
		assert_found("/x/y/z", "/x/y/z", "");
		assert_found("/x/1/z", "/x/:b/z", "b=1;");
		assert_found("/x/1/2", "/x/:b/:c", "b=1;c=2;");
		assert_found("/1/y/2", "/:a/y/:c", "a=1;c=2;");
		assert_found("/1/2/3", "/:a/:b/:c", "a=1;b=2;c=3;");
	}
}

/* Else two daemons, or one after its restart, would serve one address from streams of different
 * rights. */
TEST(of_two_streams_that_fit_equally_well_it_is_always_the_same)
{
	char chosen[32] = "";

	for (int i = 0; i < 20; i++) {
		struct params params = {.count = 0};
		const struct stream *s;

		close_router(NULL);
		open_router(NULL);
		define_paths((const char *const[]){"/x/:b", "/:a/y", NULL});
		s = catalog_find(&router.catalog, "/x/y", &params);
		assert_non_null(s);
		if (i == 0)
			snprintf(chosen, sizeof(chosen), "%s", s->def.path);
		assert_string_equal(s->def.path, chosen);
	}
}

TEST(a_path_with_more_parameters_than_there_is_room_for_fits_nothing)
{
	char most[3 * PARAMS_MAX] = "", more[3 * PARAMS_MAX + 4] = "";
	char path[2 * PARAMS_MAX + 4] = "", found[4 * PARAMS_MAX] = "";

	for (size_t i = 0; i < PARAMS_MAX - 1; i++) { /* one more is given */
		strcat(most, "/:a");
		strcat(path, "/1");
		strcat(found, "a=1;");
	}
	snprintf(more, sizeof(more), "%s/:a", most);
	define_paths((const char *const[]){most, more, NULL});
	assert_found(path, most, found);
	strcat(path, "/1");
	assert_found(path, NULL, NULL);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_ROUTER(a_stream_that_is_defined_as_before_stays_with_its_subscribers_and_events),
		IN_ROUTER(a_changed_stream_is_a_new_one_and_the_old_one_ends_with_its_subscribers),
		IN_ROUTER(a_stream_that_is_not_named_any_more_cannot_be_found),
		IN_ROUTER(it_is_told_whether_any_stream_is_another_one),
		IN_ROUTER(a_new_stream_begins_at_the_head),
		IN_ROUTER(a_path_that_is_defined_twice_is_one_stream),
		IN_ROUTER(a_topic_that_a_stream_names_twice_does_not_double_its_events),
		IN_ROUTER(a_path_fits_segment_by_segment),
		IN_ROUTER(a_path_that_is_too_short_too_long_or_has_an_empty_segment_fits_nothing),
		IN_ROUTER(the_stream_with_the_most_literal_segments_wins),
		IN_ROUTER(of_two_streams_that_fit_equally_well_it_is_always_the_same),
		IN_ROUTER(a_path_with_more_parameters_than_there_is_room_for_fits_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
