/* SPDX-License-Identifier: PostgreSQL */
#include "auth/revocations.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static const char *add(struct revocations *r, const char *row)
{
	const char *sub = NULL;

	assert_true(revocations_add(r, (struct text){row, strlen(row)}, 0, &sub));
	return sub;
}

TEST(a_token_is_revoked_by_its_jti_whenever_it_was_issued)
{
	struct revocations r;

	revocations_init(&r);
	assert_false(revocations_have(&r, "a", "ann", 0, 0));
	assert_null(add(&r, "{\"jti\": \"a\", \"sub\": null, \"at\": 1000, \"until\": null}"));
	assert_true(revocations_have(&r, "a", "ann", INT64_MAX, INT64_MAX - 1));
	assert_true(revocations_have(&r, "a", NULL, INT64_MIN, 0));
	assert_false(revocations_have(&r, "A", "ann", 0, 0));
	assert_false(revocations_have(&r, "aa", "a", 0, 0));
	assert_false(revocations_have(&r, NULL, "a", 0, 0));
	revocations_release(&r);
}

TEST(a_subject_is_revoked_with_what_was_issued_up_to_then)
{
	struct revocations r;

	revocations_init(&r);
	assert_string_equal(
		add(&r, "{\"jti\": null, \"sub\": \"ann\", \"at\": 1000, \"until\": null}"), "ann");
	assert_true(revocations_have(&r, NULL, "ann", 999, 5000));
	assert_true(revocations_have(&r, "x", "ann", 1000, 5000));
	assert_true(revocations_have(&r, NULL, "ann", INT64_MIN, 5000)); /* it does not say when */
	assert_false(revocations_have(&r, NULL, "ann", 1001, 5000));
	assert_false(revocations_have(&r, "ann", "bob", 0, 5000));
	revocations_release(&r);
}

TEST(a_revocation_is_forgotten_when_its_time_has_passed)
{
	struct revocations r;

	revocations_init(&r);
	add(&r, "{\"jti\": \"a\", \"sub\": null, \"at\": 1000, \"until\": 2000}");
	assert_true(revocations_have(&r, "a", NULL, 0, 1999));
	assert_false(revocations_have(&r, "a", NULL, 0, 2000));
	revocations_release(&r);
}

TEST(of_two_about_one_the_later_times_count)
{
	struct revocations r;

	revocations_init(&r);
	add(&r, "{\"jti\": null, \"sub\": \"ann\", \"at\": 1000, \"until\": 9000}");
	add(&r, "{\"jti\": null, \"sub\": \"ann\", \"at\": 500, \"until\": null}");
	assert_true(revocations_have(&r, NULL, "ann", 1000, 99999));
	assert_false(revocations_have(&r, NULL, "ann", 1001, 99999));
	revocations_release(&r);
}

TEST(what_is_no_revocation_is_not_taken_for_one)
{
	static const char *const rows[] = {"",
					   "{}",
					   "[]",
					   "{\"jti\": \"a\"}",
					   "{\"jti\": 7, \"at\": 1}",
					   "{\"jti\": \"a\", \"at\": \"1\"}",
					   "{\"at\": 1, \"until\": 2}"};
	struct revocations r;
	const char *sub;

	revocations_init(&r);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(revocations_add(&r, (struct text){rows[i], strlen(rows[i])}, 0, &sub));
	assert_false(revocations_have(&r, "a", "a", 0, 0));
	revocations_release(&r);
}

/* One a minute, for five days. */
TEST(what_has_passed_for_a_day_takes_no_room)
{
	const int64_t day_s = 86400;
	struct revocations r;
	char row[120];
	const char *sub;

	revocations_init(&r);
	for (int64_t at_s = 0; at_s < 5 * day_s; at_s += 60) {
		snprintf(row, sizeof(row),
			 "{\"%s\": \"x%" PRId64 "\", \"at\": %" PRId64 ", \"until\": %" PRId64 "}",
			 at_s % 120 == 0 ? "jti" : "sub", at_s, at_s * 1000, (at_s + 60) * 1000);
		assert_true(
			revocations_add(&r, (struct text){row, strlen(row)}, at_s * 1000, &sub));
	}
	assert_true(r.jtis.count + r.subs.count < 2 * 1440 + 1100);
	assert_true(revocations_have(&r, "x431880", NULL, 0, 0));
	assert_true(revocations_have(&r, NULL, "x431940", 0, 0));
	revocations_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_revoked_by_its_jti_whenever_it_was_issued),
		cmocka_unit_test(a_subject_is_revoked_with_what_was_issued_up_to_then),
		cmocka_unit_test(a_revocation_is_forgotten_when_its_time_has_passed),
		cmocka_unit_test(of_two_about_one_the_later_times_count),
		cmocka_unit_test(what_is_no_revocation_is_not_taken_for_one),
		cmocka_unit_test(what_has_passed_for_a_day_takes_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
