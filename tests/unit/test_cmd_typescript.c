/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/typescript.h"

#include "unit.h"

/* What is exported for this schema under the name N. */
static void assert_export(const char *schema, const char *expected)
{
	struct json_object *parsed = json_tokener_parse(schema);
	struct typescript t;

	typescript_init(&t);
	typescript_export(&t, "N", parsed);
	assert_string_equal(t.out.data, expected);
	typescript_release(&t);
	json_object_put(parsed);
}

TEST(a_schema_becomes_the_type_that_it_describes)
{
	assert_export("{}", "\nexport type N = unknown;\n");
	assert_export("{\"type\":\"integer\"}", "\nexport type N = number;\n");
	assert_export("{\"type\":[\"string\",\"null\"]}", "\nexport type N = string | null;\n");
	assert_export("{\"enum\":[\"a\\\"b\",1,null]}",
		      "\nexport type N = \"a\\\"b\" | 1 | null;\n");
	assert_export("{\"const\":[]}", "\nexport type N = [];\n");
	assert_export("{\"type\":\"array\",\"items\":{\"type\":\"boolean\"}}",
		      "\nexport type N = Array<boolean>;\n");
	assert_export("{\"type\":\"array\"}", "\nexport type N = Array<unknown>;\n");
	assert_export("{\"type\":\"object\"}",
		      "\nexport type N = { [member: string]: unknown };\n");
	assert_export("{\"anyOf\":[{\"type\":\"number\"},{}]}",
		      "\nexport type N = number | unknown;\n");
	assert_export("{\"$ref\":\"#/$defs/gone\"}", "\nexport type N = unknown;\n");
}

TEST(a_member_that_is_not_required_may_be_missing)
{
	assert_export("{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":{\"type\":"
		      "\"null\"},\"b-c\":{},\"1\":{}}}",
		      "\nexport interface N {\n  a: null;\n  \"b-c\"?: unknown;\n  \"1\"?: "
		      "unknown;\n}\n");
}

TEST(a_description_is_a_comment_that_it_cannot_end)
{
	assert_export("{\"description\":\"x */ y\\nz\"}",
		      "\n/** x * / y z */\nexport type N = unknown;\n");
}

TEST(names_are_identifiers_and_given_once)
{
	struct typescript t;

	typescript_init(&t);
	assert_string_equal(typescript_name(&t, "/api/orders/stream", "order_made"),
			    "ApiOrdersStreamOrderMade");
	assert_string_equal(typescript_name(&t, "/api/orders-stream", "order.made"),
			    "ApiOrdersStreamOrderMade_2");
	assert_string_equal(typescript_name(&t, "/1", ""), "_1");
	assert_string_equal(typescript_name(&t, "\xd0\xba", ""), "Unnamed");
	assert_string_equal(typescript_name(&t, "array", ""), "Array_2");
	typescript_release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_schema_becomes_the_type_that_it_describes),
		cmocka_unit_test(a_member_that_is_not_required_may_be_missing),
		cmocka_unit_test(a_description_is_a_comment_that_it_cannot_end),
		cmocka_unit_test(names_are_identifiers_and_given_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
