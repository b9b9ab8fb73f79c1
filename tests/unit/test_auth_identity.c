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
			      .sub = "ann",
			      .issued_ms = INT64_MIN,
			      .ends_ms = 1700000000000,
			      .key_mark = 0xfedcba9876543210};
	struct identity again;
	struct buf text;

	buf_init(&text);
	identity_append_json(&id, &text);
	assert_non_null(strstr(text.data, ",\"sub\":\"ann\","));
	assert_true(identity_read(text.data, text.len, NULL, &again));
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
		"{\"claims\":{\"sub\":\"a\"},\"issued\":1,\"ends\":2}",
		"{\"claims\":[],\"issued\":1,\"ends\":2,\"key\":\"0\"}",
		"{\"claims\":{\"sub\":\"a\"},\"issued\":\"1\",\"ends\":2,\"key\":\"0\"}",
		"{\"claims\":{\"sub\":\"a\"},\"issued\":1,\"key\":\"0\"}",
		"{\"claims\":{\"sub\":\"\"},\"issued\":1,\"ends\":2,\"key\":\"0\"}",
		"{\"claims\":{},\"sub\":\"a\",\"issued\":1,\"ends\":2,\"key\":\"0\"}"};
	struct identity id;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(identity_read(texts[i], strlen(texts[i]), NULL, &id));
}

TEST(the_subject_is_the_claim_that_the_reader_is_asked_for)
{
	static const char json[] =
		"{\"claims\":{\"sub\":\"ann\",\"user\":{\"id\":7}},\"sub\":\"x\","
		"\"issued\":1,\"ends\":2,\"key\":\"0\"}";
	static const char *const subjects[][2] = {{NULL, "ann"}, {"sub", "ann"}, {"user.id", "7"}};
	struct identity id;

	for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
		assert_true(identity_read(json, strlen(json), subjects[i][0], &id));
		assert_string_equal(id.sub, subjects[i][1]);
		identity_release(&id);
	}
	assert_false(identity_read(json, strlen(json), "user", &id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_identity_comes_back_as_it_was),
		cmocka_unit_test(what_is_no_identity_is_not_read_as_one),
		cmocka_unit_test(the_subject_is_the_claim_that_the_reader_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
