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

static struct snapshot *slow_one;

static void on_ended(struct snapshot *s, enum snapshot_end end, const char *why)
{
	(void)why;
	assert_int_equal(end, SNAPSHOT_SLOW);
	slow_one = s;
}

/* All but the second are read fast. */
TEST(one_that_is_read_slowly_ends_only_while_another_waits_that_could_begin)
{
	static const char *const addresses[] = {"1", "2", "3"};
	struct snapshot held[SNAPSHOTS_WORKERS] = {{.params = {NULL}}}, waits = {.params = {NULL}};
	struct snapshots s;
	struct loop loop;

	assert_true(loop_open(&loop));
	snapshots_init(&s, &loop, "", 1000);
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++) {
		held[i] = (struct snapshot){.client = {NULL, addresses[i % 2]}, .ended = on_ended};
		s.workers[i].started = true;
		s.workers[i].snapshot = &held[i];
		s.workers[i].step = SNAPSHOTS_HOLD;
		s.workers[i].since_ms = loop.now_ms - SNAPSHOTS_SLOW_MS - 1;
		s.workers[i].total = i == 1 ? 1000000 : 100000000;
	}
	slow_one = NULL;
	s.look.fire(&s.look);
	assert_null(slow_one);
	waits.client.address = addresses[0]; /* which has its share */
	snapshots_ops(&s).submit(&s, &waits);
	s.look.fire(&s.look);
	assert_null(slow_one);
	snapshots_ops(&s).cancel(&s, &waits);
	waits.client.address = addresses[2];
	snapshots_ops(&s).submit(&s, &waits);
	assert_true(timer_pending(&s.look));
	s.look.fire(&s.look);
	assert_ptr_equal(slow_one, &held[1]);
	snapshots_ops(&s).cancel(&s, &waits);
	snapshots_release(&s);
	loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_portion_has_as_many_rows_as_fit),
		cmocka_unit_test(a_portion_has_one_row_at_the_least_however_long_it_is),
		cmocka_unit_test(
			one_that_is_read_slowly_ends_only_while_another_waits_that_could_begin),
		cmocka_unit_test(rows_of_no_length_are_not_asked_for_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
