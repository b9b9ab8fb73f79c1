/* SPDX-License-Identifier: PostgreSQL */
#include "gate/multi.h"

#include <json-c/json.h>

#include "auth/json.h"
#include "http/params_json.h"

#include "hub.h"

/* A query as the HTTP library decodes it: "name", "value", …, NULL. */
static struct multi *parse(struct refusal *refusal, const char *const *texts)
{
	struct params query = {.count = 0};

	for (; texts[2 * query.count] != NULL; query.count++)
		query.items[query.count] = (struct param){text_of(texts[2 * query.count]),
							  text_of(texts[2 * query.count + 1])};
	*refusal = (struct refusal){.status = 0};
	return multi_parse(&query, refusal);
}

#define QUERY(...) ((const char *const[]){__VA_ARGS__, NULL})

/* What it asks for: "/a {"x":"1"} | /b {}". */
static void assert_asks(const char *const *query, const char *expected)
{
	struct refusal refusal;
	struct multi *s = parse(&refusal, query);
	struct buf text;

	assert_non_null(s);
	assert_true(s->joined);
	buf_init(&text);
	for (size_t i = 0; i < s->count; i++) {
		struct params params = {.count = 0};
		char *json;

		params_json_read(s->items[i].query, &params);
		json = params_json(&params);
		buf_appendf(&text, "%s%s %s", i > 0 ? " | " : "", s->items[i].path, json);
		free(json);
	}
	assert_string_equal(text.data, expected);
	buf_release(&text);
	multi_free(s);
}

static void assert_refused(const char *const *query, const char *sentence)
{
	struct refusal refusal;

	assert_null(parse(&refusal, query));
	assert_int_equal(refusal.status, 400);
	assert_string_equal(refusal.sentence, sentence);
}

TEST(a_list_is_cut_at_its_commas)
{
	assert_asks(QUERY("paths", "/a"), "/a {}");
	assert_asks(QUERY("paths", "/a,/b/c,/d"), "/a {} | /b/c {} | /d {}");
	assert_asks(QUERY("paths", ",/a,,/b,"), "/a {} | /b {}");
	assert_asks(QUERY("paths", "a,b"), "a {} | b {}");
}

TEST(path_and_paths_are_the_same_and_may_be_repeated)
{
	assert_asks(QUERY("path", "/a", "path", "/b", "paths", "/c,/d"),
		    "/a {} | /b {} | /c {} | /d {}");
}

TEST(a_comma_in_a_paths_query_is_its_own_unless_a_slash_follows)
{
	assert_asks(QUERY("paths", "/a?events=x,y,/b?events=z"),
		    "/a {\"events\":\"x,y\"} | /b {\"events\":\"z\"}");
	assert_asks(QUERY("paths", "/a?x=1,,2,"), "/a {\"x\":\"1,,2\"}");
	assert_asks(QUERY("paths", "/a?x=1%2C/b"), "/a {\"x\":\"1,/b\"}");
}

TEST(each_path_has_its_own_parameters_and_those_of_the_request_where_it_does_not_say_otherwise)
{
	assert_asks(
		QUERY("store", "s", "paths", "/a?store=t&x=1,/b", "y", "2"),
		"/a {\"store\":\"t\",\"x\":\"1\",\"y\":\"2\"} | /b {\"store\":\"s\",\"y\":\"2\"}");
	assert_asks(QUERY("paths", "/a?paths=/b&path=x"), "/a {\"paths\":\"/b\",\"path\":\"x\"}");
	assert_asks(QUERY("paths", "/a?=1", "", "2", "x", "3"), "/a {\"x\":\"3\"}");
	assert_asks(QUERY("paths", "/a?store=,/b", "store", "s"),
		    "/a {\"store\":\"\"} | /b {\"store\":\"s\"}");
}

TEST(tokens_and_cursors_are_no_parameters)
{
	assert_asks(QUERY("token", "secret", "paths",
			  "/a?ticket=t&last_event_id=1-1&lastEventId=1-1&x=1"),
		    "/a {\"x\":\"1\"}");
}

TEST(paths_and_queries_are_decoded_as_a_requests_target_is)
{
	assert_asks(QUERY("paths", "/a%20b/%C3%A9+?x%3D=%26+1&y&=2&&z=a=b"),
		    "/a b/\xC3\xA9+ {\"x=\":\"& 1\",\"y\":\"\",\"z\":\"a=b\"}");
	assert_asks(QUERY("paths", "/a??x=1?2"), "/a {\"?x\":\"1?2\"}");
}

TEST(events_that_are_repeated_are_one_list)
{
	assert_asks(QUERY("paths", "/a?events=x&events=y,/b", "events", "u,v"),
		    "/a {\"events\":\"x,y\"} | /b {\"events\":\"u,v\"}");
}

TEST(the_same_path_with_the_same_parameters_is_there_once)
{
	assert_asks(QUERY("paths", "/a,/a,/a?,/a?x=1,/%61,/a?x=%31", "token", "t"),
		    "/a {} | /a {\"x\":\"1\"}");
	assert_asks(QUERY("paths", "/a,/a?x=1", "x", "1"), "/a {\"x\":\"1\"}");
}

TEST(sixteen_streams_are_as_many_as_there_may_be)
{
	struct refusal refusal;
	struct multi *s = parse(
		&refusal, QUERY("paths", "/0,/1,/2,/3,/4,/5,/6,/7,/8,/9,/a,/b,/c,/d,/e,/f,/0,/f"));

	assert_non_null(s);
	assert_int_equal(s->count, 16);
	multi_free(s);
	assert_refused(
		QUERY("paths", "/0,/1,/2,/3,/4,/5,/6,/7,/8,/9,/a,/b,/c,/d,/e,/f", "path", "/g"),
		"At most 16 streams go into one connection");
}

TEST(what_is_malformed_is_refused_with_a_sentence)
{
	static const char *const malformed[] = {"/a%",      "/a%2",     "/a%2g",  "/a%00b",
						"/a%2fb",   "/a%2Fb",   "/a%5cb", "/a?x=%",
						"/a?%zz=1", "/a?x=%00", "/b,/a%"};
	char path[8 + 2 * PARAMS_MAX] = "/a?a";

	for (size_t i = 0; i < ARRAY_SIZE(malformed); i++)
		assert_refused(QUERY("paths", malformed[i]),
			       "A path in paths is not percent-encoded well");
	assert_refused(QUERY("x", "/a"), "Name the streams, as in /stream/multi?paths=/one,/two");
	assert_refused(QUERY("paths", "", "path", ",,"),
		       "Name the streams, as in /stream/multi?paths=/one,/two");
	for (size_t i = 2; i < PARAMS_MAX; i++)
		strcat(path, "&a");
	assert_refused(QUERY("paths", path, "x", "1", "y", "2"),
		       "The request has too many parameters");
	strcat(path, "&a&a");
	assert_refused(QUERY("paths", path), "The request has too many parameters");
	assert_refused(QUERY("paths", "/a%ff"), "A parameter is not UTF-8");
	assert_refused(QUERY("paths", "/a?x=%c0%80"), "A parameter is not UTF-8");
	assert_refused(QUERY("paths", "/a?%ff=1"), "A parameter is not UTF-8");
}

/* --- found among streams --- */

static struct router router;

static int open_router(void **state __attribute__((unused)))
{
	struct stream_def defs[] = {make_def("/own/:id", "orders", "user_id", NULL),
				    make_def("/news", "news", NULL, NULL),
				    make_def("/free", "free", NULL, NULL)};

	defs[1].format = FRAME_MESSAGE;
	defs[1].anonymous = defs[2].anonymous = true;
	defs[0].authorize = xstrdup("app.may");
	router_init(&router, 0);
	define(&router, defs, ARRAY_SIZE(defs));
	return 0;
}

static int close_router(void **state __attribute__((unused)))
{
	router_release(&router);
	return 0;
}

TEST(each_is_found_with_the_parameters_of_its_path_first)
{
	struct refusal refusal;
	struct multi *s = parse(&refusal, QUERY("paths", "/own/7?id=8,/news"));
	struct selection *selection;
	char *json;

	assert_true(multi_find(s, &router.catalog) && multi_find(s, &router.catalog));
	json = params_json(&s->items[0].params);
	assert_string_equal(json, "{\"id\":\"7\"}");
	assert_ptr_equal(s->items[1].stream, stream_at(&router, "/news"));
	assert_false(multi_is_anonymous(s));
	selection = multi_settle(s);
	assert_string_equal(selection->items[0].params, json);
	assert_ptr_equal(selection->facets[1].stream, s->items[1].stream);
	assert_string_equal(selection_path(selection), "/stream/multi");
	assert_true(selection_needs_claims(selection));
	assert_int_equal(selection_format(selection), FRAME_NAMED);
	assert_int_equal(multi_format(s), FRAME_NAMED);
	selection_free(selection);
	free(json);
	multi_free(s);
}

TEST(one_that_is_not_there_is_none_for_all)
{
	struct refusal refusal;
	struct multi *s = parse(&refusal, QUERY("paths", "/news,/none"));

	assert_false(multi_find(s, &router.catalog));
	assert_int_equal(multi_format(s), FRAME_NAMED);
	multi_free(s);
}

TEST(all_of_one_format_and_all_anonymous_are_so_together)
{
	struct refusal refusal;
	struct multi *message = parse(&refusal, QUERY("paths", "/news")),
		     *both = parse(&refusal, QUERY("paths", "/news,/free"));
	struct selection *selection;

	assert_true(multi_find(message, &router.catalog) && multi_find(both, &router.catalog));
	assert_int_equal(multi_format(message), FRAME_MESSAGE);
	assert_int_equal(multi_format(both), FRAME_NAMED);
	assert_true(multi_is_anonymous(both));
	selection = multi_settle(both);
	assert_false(selection_needs_claims(selection));
	assert_int_equal(selection_format(selection), FRAME_NAMED);
	selection_free(selection);
	selection = multi_settle(message);
	assert_int_equal(selection_format(selection), FRAME_MESSAGE);
	selection_free(selection);
	multi_free(message);
	multi_free(both);
}

TEST(a_request_for_one_path_is_a_selection_of_one)
{
	struct params path = {.count = 0}, query = {.items = {{text_of("x"), text_of("1")},
							      {text_of("token"), text_of("t")}},
						    .count = 2};
	struct stream *stream = catalog_find(&router.catalog, "/own/7", &path);
	struct refusal refusal;
	struct multi *s = multi_of_one(stream, "/own/7", &query, &refusal);
	struct selection *selection = multi_settle(s);

	assert_string_equal(multi_name(s), "/own/7");
	assert_string_equal(selection->items[0].params, "{\"id\":\"7\",\"x\":\"1\"}");
	assert_string_equal(selection_path(selection), "/own/:id");
	selection_free(selection);
	multi_free(s);
}

TEST(what_of_one_path_is_malformed_is_refused)
{
	struct params path = {.count = 0}, query = {.count = PARAMS_MAX};
	struct stream *stream = catalog_find(&router.catalog, "/own/7", &path);
	struct refusal refusal;

	for (size_t i = 0; i < PARAMS_MAX; i++)
		query.items[i] = (struct param){text_of("x"), text_of("1")};
	assert_null(multi_of_one(stream, "/own/7", &query, &refusal));
	assert_string_equal(refusal.sentence, "The request has too many parameters");
	query.count = 1;
	assert_null(multi_of_one(stream, "/own/\xff", &query, &refusal));
	assert_string_equal(refusal.sentence, "A parameter is not UTF-8");
	query.items[0].value = text_of("\xff");
	assert_null(multi_of_one(stream, "/own/7", &query, &refusal));
	assert_string_equal(refusal.sentence, "A parameter is not UTF-8");
}

TEST(each_function_is_asked_for_each_path_until_it_is_doubted)
{
	const struct entitlement_said nothing = {NULL, NULL};
	struct refusal refusal;
	struct multi *s = parse(&refusal, QUERY("paths", "/news,/own/7,/own/8"));

	assert_true(multi_find(s, &router.catalog));
	assert_ptr_equal(multi_unasked(s), &s->items[1]);
	multi_grant(&s->items[1], "/own/:id", &nothing);
	assert_ptr_equal(multi_unasked(s), &s->items[2]);
	multi_grant(&s->items[2], "/own/:other", &nothing);
	assert_ptr_equal(multi_unasked(s), &s->items[2]);
	multi_grant(&s->items[2], "/own/:id", &nothing);
	assert_null(multi_unasked(s));
	multi_doubt(s);
	assert_ptr_equal(multi_unasked(s), &s->items[1]);
	multi_free(s);
}

#define IN_ROUTER(sentence) cmocka_unit_test_setup_teardown(sentence, open_router, close_router)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_is_cut_at_its_commas),
		cmocka_unit_test(path_and_paths_are_the_same_and_may_be_repeated),
		cmocka_unit_test(a_comma_in_a_paths_query_is_its_own_unless_a_slash_follows),
		cmocka_unit_test(
			each_path_has_its_own_parameters_and_those_of_the_request_where_it_does_not_say_otherwise),
		cmocka_unit_test(tokens_and_cursors_are_no_parameters),
		cmocka_unit_test(paths_and_queries_are_decoded_as_a_requests_target_is),
		cmocka_unit_test(events_that_are_repeated_are_one_list),
		cmocka_unit_test(the_same_path_with_the_same_parameters_is_there_once),
		cmocka_unit_test(sixteen_streams_are_as_many_as_there_may_be),
		cmocka_unit_test(what_is_malformed_is_refused_with_a_sentence),
		IN_ROUTER(each_is_found_with_the_parameters_of_its_path_first),
		IN_ROUTER(one_that_is_not_there_is_none_for_all),
		IN_ROUTER(all_of_one_format_and_all_anonymous_are_so_together),
		IN_ROUTER(a_request_for_one_path_is_a_selection_of_one),
		IN_ROUTER(what_of_one_path_is_malformed_is_refused),
		IN_ROUTER(each_function_is_asked_for_each_path_until_it_is_doubted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
