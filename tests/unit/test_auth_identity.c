/* SPDX-License-Identifier: PostgreSQL */
#include "auth/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "auth/json.h"

#include "unit.h"

TEST(an_identity_comes_back_as_it_was)
{
	static const char json[] = "{\"sub\":\"ann\",\"jti\":\"j1\",\"stores\":[\"a\",\"b\"],\"n\":"
				   "12345678901234567,\"x\":1.50}";
	struct identity id = {.claims = json_parse(json, strlen(json)),
			      .issued_ms = INT64_MIN,
			      .ends_ms = 1700000000000,
			      .key_mark = 0xfedcba9876543210};
	struct identity again;
	struct buf text;

	buf_init(&text);
	identity_append_json(&id, &text);
	assert_true(identity_read(text.data, text.len, &again));
	assert_string_equal(again.sub, "ann");
	assert_string_equal(again.jti, "j1");
	assert_true(again.issued_ms == INT64_MIN && again.ends_ms == 1700000000000 &&
		    again.key_mark == 0xfedcba9876543210);
	assert_string_equal(json_object_to_json_string_ext(again.claims, JSON_C_TO_STRING_PLAIN),
			    json);
	identity_release(&again);
	identity_release(&id);
	buf_release(&text);
}

TEST(what_is_no_identity_is_not_read_as_one)
{
	static const char *const texts[] = {
		"",
		"{}",
		"null",
		"{\"claims\":{},\"issued\":1,\"ends\":2}",
		"{\"claims\":[],\"issued\":1,\"ends\":2,\"key\":\"0\"}",
		"{\"claims\":{},\"issued\":\"1\",\"ends\":2,\"key\":\"0\"}",
		"{\"claims\":{},\"issued\":1,\"key\":\"0\"}"};
	struct identity id;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(identity_read(texts[i], strlen(texts[i]), &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_identity_comes_back_as_it_was),
		cmocka_unit_test(what_is_no_identity_is_not_read_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
