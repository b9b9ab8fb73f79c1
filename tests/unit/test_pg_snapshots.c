/* SPDX-License-Identifier: PostgreSQL */
#include "pg/snapshots.h"

#include "unit.h"

TEST(a_portion_has_as_many_rows_as_fit)
{
	for (size_t each = 66; each < SNAPSHOTS_PORTION; each *= 3) {
		int rows = snapshots_rows(10, 10 * each);

		assert_true((size_t)rows * each <= SNAPSHOTS_PORTION);
		assert_true((size_t)(rows + 1) * (each + 1) > SNAPSHOTS_PORTION);
	}
}

TEST(a_portion_has_one_row_at_the_least_however_long_it_is)
{
	assert_int_equal(snapshots_rows(1, SNAPSHOTS_PORTION), 1);
	assert_int_equal(snapshots_rows(3, (size_t)1 << 40), 1);
}

TEST(rows_of_no_length_are_not_asked_for_without_end)
{
	assert_int_equal(snapshots_rows(100, 0), SNAPSHOTS_MOST_ROWS);
	assert_int_equal(snapshots_rows(0, 0), SNAPSHOTS_MOST_ROWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_portion_has_as_many_rows_as_fit),
		cmocka_unit_test(a_portion_has_one_row_at_the_least_however_long_it_is),
		cmocka_unit_test(rows_of_no_length_are_not_asked_for_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
