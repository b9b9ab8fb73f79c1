/* SPDX-License-Identifier: PostgreSQL */
#include "base/counts.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/base.h"

#include "unit.h"

#define NAMES 5000

static struct counts *counts;

static int begin(void **state)
{
	(void)state;
	counts = calloc(1, counts_bytes(NAMES));
	counts_init(counts, NAMES);
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(counts);
	return 0;
}

TEST(a_name_is_counted_up_and_down)
{
	assert_int_equal(counts_get(counts, 7), 0);
	counts_up(counts, 7);
	counts_up(counts, 7);
	assert_int_equal(counts_get(counts, 7), 2);
	counts_down(counts, 7);
	counts_down(counts, 7);
	counts_down(counts, 7);
	assert_int_equal(counts_get(counts, 7), 0);
	assert_int_equal(counts->used, 0);
}

/* Names that want the same slot stand in a row, also across the table's end. */
TEST(a_gap_in_a_row_hides_nobody)
{
	static const uint64_t names[] = {1022,        1022 + 1024, 1023,       1022 + 2048,
					 1022 + 4096, 1024,        1023 + 8192};

	for (size_t gone = 0; gone < ARRAY_SIZE(names); gone++) {
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			counts_up(counts, names[i]);
		counts_down(counts, names[gone]);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			assert_int_equal(counts_get(counts, names[i]), i != gone);
		counts_clear(counts);
	}
}

TEST(any_course_of_it_is_what_plain_numbers_say)
{
	static uint64_t model[NAMES];
	uint32_t seed = 99;

	for (int i = 0; i < TIMES(400000); i++) {
		size_t at = (size_t)(next_random(&seed) % NAMES);
		/* small ones collide, and large ones are far apart */
		uint64_t name = at % 2 == 0 ? at + 1 : (at + 1) * UINT64_C(0x9e3779b97f4a7c15);

		if (next_random(&seed) % 3 != 0) {
			counts_up(counts, name);
			model[at]++;
		} else if (model[at] > 0) {
			counts_down(counts, name);
			model[at]--;
		}
		assert_int_equal(counts_get(counts, name), model[at]);
	}
}

TEST(more_names_than_there_is_room_for_are_not_counted)
{
	for (uint64_t name = 1; name <= 100000; name++)
		counts_up(counts, name);
	assert_within(counts->used, NAMES, 2 * NAMES);
	for (uint64_t name = 1; name <= NAMES; name++)
		assert_int_equal(counts_get(counts, name), 1);
	assert_int_equal(counts_get(counts, 100000), 0);
	for (uint64_t name = 1; name <= 100000; name++)
		counts_down(counts, name);
	assert_int_equal(counts->used, 0);
}

#define HOME 500  /* of the name that is watched */
#define BEFORE 30 /* names whose home is 20 slots before that */

static _Atomic uint64_t phase; /* odd while the watched name is there */

static uint64_t name_before(uint64_t n)
{
	return HOME - 20 + 1024 * n;
}

/* Each name that goes moves the watched one by a slot. */
static void *move_it(void *unused)
{
	for (int round = 0; round < TIMES(40000); round++) {
		for (uint64_t n = 1; n <= BEFORE; n++)
			counts_up(counts, name_before(n));
		for (int i = 0; i < 3; i++)
			counts_up(counts, HOME);
		phase++;
		for (uint64_t n = 1; n <= BEFORE; n++)
			counts_down(counts, name_before(n));
		phase++;
		for (int i = 0; i < 3; i++)
			counts_down(counts, HOME);
	}
	phase = 0;
	return unused;
}

/* Without the sequence a reader would at times miss it, or find another one's count. */
TEST(a_reader_finds_a_name_that_is_being_moved)
{
	pthread_t writer;
	uint64_t before;

	phase = 2;
	assert_int_equal(pthread_create(&writer, NULL, move_it, NULL), 0);
	while ((before = phase) != 0) {
		uint64_t count = counts_get(counts, HOME);

		if (before % 2 == 1 && before == phase)
			assert_int_equal(count, 3);
	}
	pthread_join(writer, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_name_is_counted_up_and_down, begin, end),
		cmocka_unit_test_setup_teardown(a_gap_in_a_row_hides_nobody, begin, end),
		cmocka_unit_test_setup_teardown(any_course_of_it_is_what_plain_numbers_say, begin,
						end),
		cmocka_unit_test_setup_teardown(more_names_than_there_is_room_for_are_not_counted,
						begin, end),
		cmocka_unit_test_setup_teardown(a_reader_finds_a_name_that_is_being_moved, begin,
						end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
