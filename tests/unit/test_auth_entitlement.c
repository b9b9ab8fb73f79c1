/* SPDX-License-Identifier: PostgreSQL */
#include "auth/entitlement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "auth/json.h"

#include "unit.h"

#define MATCH_MAX 4

/* One question: a stream, who asks, and with what. Parameters are "name", "value", …, NULL. */
struct question {
	const char *require;
	const char *match[2 * MATCH_MAX + 1]; /* "key", "source", …, NULL */
	const char *claims;                   /* NULL: anonymous */
	const char *params[9];
	/* NULL: the database was not asked */
	const struct entitlement_said *said;
	enum stream_compare compare[MATCH_MAX];
	const char *given; /* what is to be asked then; NULL: nothing */
};

/* Who asks why is told the same decision, and what it is for. */
static void assert_explained(const struct stream_def *def, const struct identity *id,
			     const struct params *params, const struct entitlement_said *said,
			     enum entitlement decision, const char *missing)
{
	struct entitlement_findings f;
	struct wanted wanted;

	assert_int_equal(entitlement_explain(def, id, params, said, &wanted, &f), decision);
	if (decision == ENTITLED)
		assert_true(f.required && !f.empty && !f.too_many && f.missing == NULL);
	else if (decision == ENTITLEMENT_BAD_PARAM)
		assert_string_equal(f.missing, missing);
	else
		assert_true(!f.required || f.empty || f.too_many);
	for (size_t i = 0; i < f.count; i++)
		assert_true(f.alternatives[i].met == (f.required && i + 1 == f.count));
	wanted_release(&wanted);
	entitlement_findings_release(&f);
}

static void assert_given(const struct stream_def *def, const struct wanted *wanted,
			 const char *expected)
{
	char *given = entitlement_given(def, wanted);

	if (expected == NULL)
		assert_null(given);
	else
		assert_string_equal(given, expected);
	free(given);
}

static enum entitlement ask(const struct question *q, struct buf *ret_wanted,
			    const char **ret_param)
{
	struct stream_def def = {
		.require = (char *)(uintptr_t)(q->require == NULL ? "{}" : q->require),
		.anonymous = q->claims == NULL};
	struct identity id = {
		.claims = q->claims == NULL ? NULL : json_parse(q->claims, strlen(q->claims))};
	struct params params = {.count = 0};
	struct wanted wanted;
	enum entitlement decision;

	assert_true(q->claims == NULL || id.claims != NULL);
	for (; q->match[2 * def.match_count] != NULL; def.match_count++) {
		def.match_key[def.match_count] = (char *)(uintptr_t)q->match[2 * def.match_count];
		def.match_source[def.match_count] =
			(char *)(uintptr_t)q->match[2 * def.match_count + 1];
		def.match_compare[def.match_count] = q->compare[def.match_count];
	}
	for (; q->params[2 * params.count] != NULL; params.count++)
		params.items[params.count] =
			(struct param){text_of(q->params[2 * params.count]),
				       text_of(q->params[2 * params.count + 1])};
	decision = entitlement_decide(&def, &id, &params, q->said, &wanted, ret_param);
	assert_explained(&def, &id, &params, q->said, decision, *ret_param);
	assert_given(&def, &wanted, q->given);
	for (size_t k = 0; k < wanted.count; k++)
		for (size_t i = 0; i < wanted.keys[k].count; i++)
			buf_appendf(ret_wanted, "%s ", wanted.keys[k].values[i]);
	wanted_release(&wanted);
	identity_release(&id);
	return decision;
}

/* wanted: the audience keys, each followed by a blank; NULL: forbidden. */
static void assert_wanted(struct question q, const char *expected)
{
	const char *param = NULL;
	struct buf wanted;

	buf_init(&wanted);
	assert_int_equal(ask(&q, &wanted, &param),
			 expected == NULL ? ENTITLEMENT_FORBIDDEN : ENTITLED);
	if (expected != NULL)
		assert_string_equal(wanted.data, expected);
	buf_release(&wanted);
}

static void assert_bad_param(struct question q, const char *expected)
{
	const char *param = NULL;
	struct buf wanted;

	buf_init(&wanted);
	assert_int_equal(ask(&q, &wanted, &param), ENTITLEMENT_BAD_PARAM);
	assert_string_equal(param, expected);
	buf_release(&wanted);
}

static void assert_allowed(const char *require, const char *claims, bool allowed)
{
	struct question q = {
		.require = require, .claims = claims, .params = {"store", "7", "empty", "", NULL}};

	assert_wanted(q, allowed ? "" : NULL);
}

TEST(nothing_required_is_for_everybody_with_a_token)
{
	assert_allowed("{}", "{}", true);
	assert_allowed("{}", "{\"role\": \"x\"}", true);
}

TEST(every_claim_of_an_object_must_have_an_allowed_value)
{
	static const char require[] = "{\"role\": [\"admin\", \"clerk\"], \"active\": [true]}";

	assert_allowed(require, "{\"role\": \"clerk\", \"active\": true}", true);
	assert_allowed(require, "{\"role\": \"admin\", \"active\": true, \"more\": 1}", true);
	assert_allowed(require, "{\"role\": \"clerk\", \"active\": false}", false);
	assert_allowed(require, "{\"role\": \"clerk\"}", false);
	assert_allowed(require, "{\"active\": true}", false);
	assert_allowed(require, "{\"role\": \"Clerk\", \"active\": true}", false);
	assert_allowed(require, "{\"role\": \"clerk2\", \"active\": true}", false);
	assert_allowed(require, "{\"role\": null, \"active\": true}", false);
	assert_allowed(require, "{\"role\": {\"admin\": \"admin\"}, \"active\": true}", false);
	assert_allowed("{\"role\": []}", "{\"role\": \"clerk\"}", false);
}

TEST(one_of_several_alternatives_is_enough)
{
	static const char require[] =
		"[{\"role\": [\"admin\"]}, {\"role\": [\"clerk\"], \"store\": [\"7\"]}]";

	assert_allowed(require, "{\"role\": \"admin\"}", true);
	assert_allowed(require, "{\"role\": \"clerk\", \"store\": \"7\"}", true);
	assert_allowed(require, "{\"role\": \"clerk\", \"store\": \"8\"}", false);
	assert_allowed(require, "{\"store\": \"7\"}", false);
	assert_allowed("[]", "{\"role\": \"admin\"}", false);
	assert_allowed("[{\"role\": [\"admin\"]}, {}]", "{}", true);
}

TEST(any_element_of_an_array_claim_will_do)
{
	static const char require[] = "{\"roles\": [\"admin\", \"clerk\"]}";

	assert_allowed(require, "{\"roles\": [\"guest\", \"clerk\"]}", true);
	assert_allowed(require, "{\"roles\": [\"guest\"]}", false);
	assert_allowed(require, "{\"roles\": []}", false);
	assert_allowed(require, "{\"roles\": [null, [\"admin\"], {\"a\": \"admin\"}]}", false);
}

TEST(a_claim_may_be_reached_by_a_path_and_its_flat_name_comes_first)
{
	static const char require[] = "{\"realm_access.roles\": [\"admin\"]}";

	assert_allowed(require, "{\"realm_access\": {\"roles\": [\"user\", \"admin\"]}}", true);
	assert_allowed(require, "{\"realm_access\": {\"roles\": \"admin\"}}", true);
	assert_allowed(require, "{\"realm_access.roles\": [\"admin\"]}", true);
	assert_allowed(require,
		       "{\"realm_access.roles\": [\"user\"], \"realm_access\": {\"roles\": "
		       "[\"admin\"]}}",
		       false);
	assert_allowed(require, "{\"realm_access\": {\"roles\": [\"user\"]}}", false);
	assert_allowed(require, "{\"realm_access\": [\"roles\", \"admin\"]}", false);
	assert_allowed(require, "{\"realm_access\": \"roles\"}", false);
	assert_allowed(require, "{\"realm_access\": null, \"roles\": [\"admin\"]}", false);
	assert_allowed(require, "{\"realm_access\": {\"roles\": {\"admin\": \"admin\"}}}", false);
	assert_allowed("{\"a.my.app.r\": [1]}", "{\"a\": {\"my.app\": {\"r\": 1}}}", true);
	assert_allowed("{\"a.my.app.r\": [1]}",
		       "{\"a\": {\"my.app\": {\"r\": 2}, \"my\": {\"app\": {\"r\": 1}}}}", false);
	assert_allowed("{\"https://a.example/roles\": [1]}", "{\"https://a.example/roles\": 1}",
		       true);
	assert_allowed("{\"a.\": [1]}", "{\"a\": {\"\": 1}}", true);
	assert_allowed("{\".a\": [1]}", "{\"a\": 1}", false);
	assert_wanted((struct question){.match = {"org", "claims.app_metadata.org_id"},
					.claims = "{\"app_metadata\": {\"org_id\": [7, 8]}}"},
		      "org=7 org=8 ");
	assert_wanted((struct question){.match = {"org", "claims.app_metadata.org_id"},
					.claims = "{\"app_metadata\": {}, \"org_id\": 7}"},
		      NULL);
}

TEST(a_scope_has_words)
{
	static const char require[] = "{\"scope\": [\"docs:read\"]}";

	assert_allowed(require, "{\"scope\": \"openid docs:read  docs:write\"}", true);
	assert_allowed(require, "{\"scope\": \"docs:read\"}", true);
	assert_allowed(require, "{\"scope\": [\"openid\", \"docs:read\"]}", true);
	assert_allowed(require, "{\"scope\": \"docs:reader docs:rea\"}", false);
	assert_allowed(require, "{\"scope\": \" \"}", false);
	assert_allowed("{\"scp\": [\"b\"]}", "{\"scp\": \"a b\"}", true);
	assert_allowed("{\"scope\": [\"a b\"]}", "{\"scope\": \"a b\"}", true);
	assert_allowed("{\"role\": [\"b\"]}", "{\"role\": \"a b\"}", false);
	assert_allowed("{\"x.scope\": [\"b\"]}", "{\"x\": {\"scope\": \"a b\"}}", false);
}

TEST(numbers_are_compared_as_their_texts)
{
	assert_allowed("{\"level\": [5, 6.5]}", "{\"level\": 5}", true);
	assert_allowed("{\"level\": [5, 6.5]}", "{\"level\": \"5\"}", true);
	assert_allowed("{\"level\": [5, 6.5]}", "{\"level\": [1, 6.5]}", true);
	assert_allowed("{\"level\": [\"5\"]}", "{\"level\": 5}", true);
	assert_allowed("{\"level\": [5]}", "{\"level\": 55}", false);
	assert_allowed("{\"level\": [5]}", "{\"level\": -5}", false);
}

TEST(a_parameter_among_the_allowed_values_stands_for_its_value)
{
	assert_allowed("{\"store\": [\"params.store\"]}", "{\"store\": \"7\"}", true);
	assert_allowed("{\"store\": [\"params.store\"]}", "{\"store\": 7}", true);
	assert_allowed("{\"store\": [\"params.store\"]}", "{\"store\": [6, 7]}", true);
	assert_allowed("{\"store\": [\"params.store\"]}", "{\"store\": \"8\"}", false);
	assert_allowed("{\"store\": [\"params.store\"]}", "{\"store\": \"77\"}", false);
	assert_allowed("{\"store\": [\"params.store\"]}", "{\"store\": \"\"}", false);
	assert_allowed("{\"store\": [\"params.missing\"]}", "{\"store\": \"7\"}", false);
	assert_allowed("{\"store\": [\"params.missing\"]}", "{\"store\": \"params.missing\"}",
		       false);
	assert_allowed("{\"store\": [\"params.store\", \"all\"]}", "{\"store\": \"all\"}", true);
}

TEST(a_require_that_is_no_json_forbids)
{
	assert_allowed("", "{}", false);
	assert_allowed("{", "{}", false);
	assert_allowed("\"x\"", "{}", false);
}

TEST(match_takes_claims_parameters_and_literals)
{
	assert_wanted(
		(struct question){.match = {"user_id", "claims.sub"}, .claims = "{\"sub\": \"7\"}"},
		"user_id=7 ");
	assert_wanted((struct question){.match = {"user_id", "claims.id"}, .claims = "{\"id\": 7}"},
		      "user_id=7 ");
	assert_wanted((struct question){.match = {"ok", "claims.ok"}, .claims = "{\"ok\": true}"},
		      "ok=true ");
	assert_wanted((struct question){.match = {"store", "params.s"},
					.claims = "{}",
					.params = {"s", "a b", "s", "c"}},
		      "store=a b ");
	assert_wanted((struct question){.match = {"kind", "=public"}, .claims = "{}"},
		      "kind=public ");
	assert_wanted((struct question){.match = {"kind", "="}, .claims = "{}"}, "kind= ");
	assert_wanted(
		(struct question){.match = {"a", "=1", "b", "params.x", "c", "claims.y", "d", "=4"},
				  .claims = "{\"y\": 3}",
				  .params = {"x", "2"}},
		"a=1 b=2 c=3 d=4 ");
}

TEST(an_array_claim_makes_several_values_and_leaves_out_what_is_none)
{
	assert_wanted((struct question){.match = {"store", "claims.s", "a", "=1"},
					.claims = "{\"s\": [1, \"x\", null, [2], {}, true]}"},
		      "store=1 store=x store=true a=1 ");
}

TEST(a_claim_without_a_value_forbids)
{
	static const char *const claims[] = {"{}",
					     "{\"s\": null}",
					     "{\"s\": []}",
					     "{\"s\": [null]}",
					     "{\"s\": {\"a\": 1}}",
					     "{\"S\": 1}"};

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
		assert_wanted(
			(struct question){.match = {"store", "claims.s"}, .claims = claims[i]},
			NULL);
		assert_wanted((struct question){.match = {"a", "=1", "store", "claims.s"},
						.claims = claims[i]},
			      NULL);
	}
}

TEST(a_missing_or_empty_parameter_is_named)
{
	assert_bad_param((struct question){.match = {"store", "params.s"}, .claims = "{}"}, "s");
	assert_bad_param((struct question){.match = {"a", "=1", "store", "params.s"},
					   .claims = "{}",
					   .params = {"s", "", "t", "1"}},
			 "s");
	assert_bad_param(
		(struct question){.match = {"store", "params.s"}, .params = {"ss", "1", "S", "1"}},
		"s");
}

TEST(an_anonymous_stream_asks_for_no_claims)
{
	assert_wanted((struct question){.match = {"store", "params.s"}, .params = {"s", "1"}},
		      "store=1 ");
	assert_wanted((struct question){.match = {"a", "claims.x"}}, NULL);
}

static void assert_values(size_t count, bool entitled)
{
	struct question q = {.match = {"store", "claims.s", "a", "=1"}};
	const char *param;
	struct buf claims, wanted;

	buf_init(&claims);
	buf_init(&wanted);
	buf_append_str(&claims, "{\"s\": [0");
	for (size_t i = 1; i < count; i++)
		buf_appendf(&claims, ", %zu", i);
	buf_append_str(&claims, "]}");
	q.claims = claims.data;
	assert_int_equal(ask(&q, &wanted, &param), entitled ? ENTITLED : ENTITLEMENT_FORBIDDEN);
	buf_release(&claims);
	buf_release(&wanted);
}

TEST(a_list_that_is_too_long_is_forbidden)
{
	assert_values(WANTED_VALUES_MAX, true);
	assert_values(WANTED_VALUES_MAX + 1, false);
	assert_values(5 * WANTED_VALUES_MAX, false);
	assert_wanted(
		(struct question){.match = {"a", "claims.a", "b", "claims.b", "c", "claims.c"},
				  .claims = "{\"c\": [1,2,3,4,5,6,7,8,9,10], \"a\": "
					    "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,"
					    "19,20,21,22,23,24,25,26,27,28,29,30,31,32,33],"
					    "\"b\": "
					    "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,"
					    "19,20,21,22,23,24,25,26,27,28,29,30,31]}"},
		NULL);
}

static struct entitlement_findings findings_of(const char *require, const char *claims)
{
	struct entitlement_findings f = {.count = 0};
	struct params params = {.count = 0};
	struct json_object *parsed = json_parse(claims, strlen(claims));

	f.required = entitlement_requires(require, parsed, &params, &f);
	json_object_put(parsed);
	return f;
}

TEST(who_asks_why_is_told_which_claim_of_each_alternative_fails)
{
	struct entitlement_findings f =
		findings_of("[{\"role\": [\"admin\"]}, {\"team\": [1, \"params.x\"]}]",
			    "{\"role\": [\"a\", null]}");

	assert_false(f.required);
	assert_int_equal(f.count, 2);
	assert_string_equal(f.alternatives[0].claim, "role");
	assert_string_equal(f.alternatives[0].value, "[\"a\",null]");
	assert_string_equal(f.alternatives[0].allowed, "[\"admin\"]");
	assert_string_equal(f.alternatives[1].claim, "team");
	assert_null(f.alternatives[1].value);
	assert_string_equal(f.alternatives[1].allowed, "[1,\"params.x\"]");
	entitlement_findings_release(&f);
	f = findings_of("{\"role\": [\"admin\"]}", "{\"role\": null}");
	assert_string_equal(f.alternatives[0].value, "null");
	entitlement_findings_release(&f);
}

TEST(who_asks_why_is_told_which_alternative_is_met)
{
	struct entitlement_findings f =
		findings_of("[{\"a\": [1]}, {\"b\": [2]}, {}]", "{\"b\": 2}");

	assert_true(f.required);
	assert_int_equal(f.count, 2);
	assert_false(f.alternatives[0].met);
	assert_true(f.alternatives[1].met);
	assert_null(f.alternatives[1].claim);
	entitlement_findings_release(&f);
}

TEST(what_a_function_lists_comes_when_the_database_was_asked)
{
	const struct entitlement_said two = {.listed = "{\"room\": [\"a\", \"b=\\u00e9\"]}"},
				      none = {.listed = "{\"room\": []}"}, nothing = {NULL, NULL};
	struct question q = {.match = {"room", "function:app.my_rooms", "user", "claims.sub"},
			     .claims = "{\"sub\": \"7\"}"};

	assert_wanted(q, "user=7 ");
	q.said = &two;
	assert_wanted(q, "room=a room=b=\xc3\xa9 user=7 ");
	q.said = &none;
	assert_wanted(q, "user=7 ");
	q.said = &nothing;
	assert_wanted(q, "user=7 ");
	q.claims = "{}";
	assert_wanted(q, NULL);
}

TEST(only_values_that_may_be_written_otherwise_are_given_to_the_database)
{
	struct question q = {
		.match = {"a", "claims.a"},
		.claims = "{\"a\": [\"x\", \"5\", -5, 0, \"05\", 5.0, \"-0\", \"\", \"-\","
			  " \"9223372036854775807\","
			  " \"9f1c0d2e-1111-4222-8333-444455556666\","
			  " \"9F1C0D2E-1111-4222-8333-444455556666\","
			  " \"9f1c0d2e111142228333444455556666\","
			  " \"9f1c0d2e-1111-4222-8333-4444555566667\"]}"};
	const char *const wanted =
		"a=x a=5 a=-5 a=0 a=05 a=5.0 a=-0 a= a=- a=9223372036854775807"
		" a=9f1c0d2e-1111-4222-8333-444455556666 a=9F1C0D2E-1111-4222-8333-444455556666"
		" a=9f1c0d2e111142228333444455556666 a=9f1c0d2e-1111-4222-8333-4444555566667 ";
	static const struct {
		enum stream_compare compare;
		const char *given;
	} cases[] = {
		{STREAM_AS_TEXT, NULL},
		{STREAM_AS_INT, "{\"a\":[\"x\",\"05\",\"5.0\",\"-0\",\"\",\"-\","
				"\"9223372036854775807\","
				"\"9f1c0d2e-1111-4222-8333-444455556666\","
				"\"9F1C0D2E-1111-4222-8333-444455556666\","
				"\"9f1c0d2e111142228333444455556666\","
				"\"9f1c0d2e-1111-4222-8333-4444555566667\"]}"},
		{STREAM_AS_UUID,
		 "{\"a\":[\"x\",\"5\",\"-5\",\"0\",\"05\",\"5.0\",\"-0\",\"\",\"-\","
		 "\"9223372036854775807\","
		 "\"9F1C0D2E-1111-4222-8333-444455556666\","
		 "\"9f1c0d2e111142228333444455556666\","
		 "\"9f1c0d2e-1111-4222-8333-4444555566667\"]}"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct question one = {.match = {"a", "claims.a"},
				       .claims = q.claims,
				       .compare = {cases[i].compare},
				       .given = cases[i].given};

		assert_wanted(one, wanted);
	}
	assert_wanted((struct question){.match = {"a", "=X", "b", "claims.b", "c", "params.c", "d",
						  "function:app.d"},
					.claims = "{\"b\": \"Y\"}",
					.params = {"c", "Z\""},
					.compare = {STREAM_AS_TYPE, STREAM_AS_TEXT, STREAM_AS_TYPE,
						    STREAM_AS_TYPE},
					.given = "{\"a\":[\"X\"],\"c\":[\"Z\\\"\"]}"},
		      "a=X b=Y c=Z\" ");
}

TEST(values_as_their_columns_write_them_are_wanted_in_place_of_those_that_were_given)
{
	const struct entitlement_said said = {.typed = "{\"a\": [\"5.00\"], \"b\": []}"};

	assert_wanted((struct question){.match = {"a", "claims.a", "b", "=x"},
					.claims = "{\"a\": 5}",
					.compare = {STREAM_AS_TYPE, STREAM_AS_TEXT},
					.given = "{\"a\":[\"5.00\"]}",
					.said = &said},
		      "a=5.00 b=x ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_required_is_for_everybody_with_a_token),
		cmocka_unit_test(every_claim_of_an_object_must_have_an_allowed_value),
		cmocka_unit_test(one_of_several_alternatives_is_enough),
		cmocka_unit_test(any_element_of_an_array_claim_will_do),
		cmocka_unit_test(a_claim_may_be_reached_by_a_path_and_its_flat_name_comes_first),
		cmocka_unit_test(a_scope_has_words),
		cmocka_unit_test(numbers_are_compared_as_their_texts),
		cmocka_unit_test(a_parameter_among_the_allowed_values_stands_for_its_value),
		cmocka_unit_test(a_require_that_is_no_json_forbids),
		cmocka_unit_test(match_takes_claims_parameters_and_literals),
		cmocka_unit_test(an_array_claim_makes_several_values_and_leaves_out_what_is_none),
		cmocka_unit_test(a_claim_without_a_value_forbids),
		cmocka_unit_test(a_missing_or_empty_parameter_is_named),
		cmocka_unit_test(an_anonymous_stream_asks_for_no_claims),
		cmocka_unit_test(a_list_that_is_too_long_is_forbidden),
		cmocka_unit_test(what_a_function_lists_comes_when_the_database_was_asked),
		cmocka_unit_test(
			only_values_that_may_be_written_otherwise_are_given_to_the_database),
		cmocka_unit_test(
			values_as_their_columns_write_them_are_wanted_in_place_of_those_that_were_given),
		cmocka_unit_test(who_asks_why_is_told_which_claim_of_each_alternative_fails),
		cmocka_unit_test(who_asks_why_is_told_which_alternative_is_met),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
