/* SPDX-License-Identifier: PostgreSQL */
#include "http/params_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "hub/frame.h"
#include "auth/json.h"

#include "unit.h"

static struct params params_of(const char *const *texts)
{
	struct params params = {.count = 0};

	for (; texts[2 * params.count] != NULL; params.count++)
		params.items[params.count] = (struct param){text_of(texts[2 * params.count]),
							    text_of(texts[2 * params.count + 1])};
	return params;
}

static void assert_params(const char *const *texts, const char *json)
{
	struct params params = params_of(texts);
	char *text = params_json(&params);

	assert_string_equal(text, json);
	free(text);
}

TEST(parameters_are_kept_as_json_of_texts)
{
	assert_params((const char *const[]){NULL}, "{}");
	assert_params((const char *const[]){"store", "s1", "k", "3", NULL},
		      "{\"store\":\"s1\",\"k\":\"3\"}");
	assert_params((const char *const[]){"a\"b", "x\ny", NULL}, "{\"a\\\"b\":\"x\\ny\"}");
}

TEST(of_one_name_the_first_counts)
{
	assert_params((const char *const[]){"store", "path", "store", "query", NULL},
		      "{\"store\":\"path\"}");
}

TEST(what_authorises_and_cursors_are_no_parameters)
{
	assert_params((const char *const[]){"token", "t", "a", "1", "ticket", "t", "last_event_id",
					    "1-1", "lastEventId", "1-1", NULL},
		      "{\"a\":\"1\"}");
}

TEST(a_name_of_the_paths_pattern_is_the_applications_whatever_it_is)
{
	struct params params = params_of((const char *const[]){"ticket", "secret", "token",
							       "secret", "ping", "event", NULL});
	char *text;
	int literals;

	assert_true(params_take_path(&params, "/t/:ticket/:token/:last_event_id/:ping",
				     "/t/1/2/3/4", &literals));
	text = params_json(&params);
	assert_string_equal(text, "{\"ping\":\"event\",\"ticket\":\"1\",\"token\":\"2\","
				  "\"last_event_id\":\"3\"}");
	free(text);
}

TEST(parameters_come_back_as_they_were)
{
	struct params params = params_of((const char *const[]){"a", "1", "b\"", "x\ny", NULL}),
		      again = {.count = 0};
	char *text = params_json(&params);
	struct json_object *object = json_parse(text, strlen(text));

	params_json_read(object, &again);
	assert_int_equal(again.count, 2);
	assert_true(text_is(again.items[1].name, "b\"") && text_is(again.items[1].value, "x\ny"));
	json_object_put(object);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parameters_are_kept_as_json_of_texts),
		cmocka_unit_test(of_one_name_the_first_counts),
		cmocka_unit_test(what_authorises_and_cursors_are_no_parameters),
		cmocka_unit_test(a_name_of_the_paths_pattern_is_the_applications_whatever_it_is),
		cmocka_unit_test(parameters_come_back_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
