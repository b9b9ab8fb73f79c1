/* SPDX-License-Identifier: PostgreSQL */
#include "hub/sharedlog.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "unit.h"

static struct cursor cursor_of(uint64_t number)
{
	return (struct cursor){(int64_t)number, (int64_t)(number % 7)};
}

TEST(the_size_is_at_least_the_smallest_and_never_less_than_asked)
{
	static const size_t sizes[] = {
		0, 1, SHAREDLOG_MIN, SHAREDLOG_MIN + 1, 5 << 20, (64 << 20) - 1};
	struct sharedlog l;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		sharedlog_init(&l, sizes[i]);
		assert_true(l.cap >= SHAREDLOG_MIN && l.cap >= sizes[i] &&
			    l.cap - sizes[i] < SHAREDLOG_MIN + (96 << 10));
		assert_true(sharedlog_record_max(&l) < l.cap / 8);
		sharedlog_release(&l);
	}
}

TEST(a_record_is_there_byte_by_byte)
{
	struct sharedlog l;
	uint64_t first, second, empty;

	sharedlog_init(&l, 0);
	sharedlog_restart(&l, (struct cursor){3, 4});
	first = sharedlog_append(&l, cursor_of(10), "one\0two", 7, 0);
	empty = sharedlog_append(&l, cursor_of(11), "", 0, 0);
	second = sharedlog_append(&l, cursor_of(12), "three", 5, 0);
	assert_memory_equal(sharedlog_at(&l, first), "one\0two", 7);
	assert_memory_equal(sharedlog_at(&l, second), "three", 5);
	assert_memory_equal(sharedlog_at(&l, second + 2), "ree", 3);
	assert_true(first < empty && empty < second);
	assert_true(sharedlog_holds(&l, first) && sharedlog_holds(&l, empty) &&
		    sharedlog_holds(&l, second));
	assert_int_equal(cursor_compare(l.floor, (struct cursor){3, 4}), 0);
	sharedlog_release(&l);
}

TEST(a_restart_forgets_everything)
{
	struct sharedlog l;
	uint64_t old, young;

	sharedlog_init(&l, 0);
	old = sharedlog_append(&l, cursor_of(1), "old", 3, 0);
	sharedlog_restart(&l, cursor_of(5));
	assert_false(sharedlog_holds(&l, old));
	assert_int_equal(cursor_compare(l.floor, cursor_of(5)), 0);
	young = sharedlog_append(&l, cursor_of(6), "young", 5, 0);
	assert_true(sharedlog_holds(&l, young));
	assert_false(sharedlog_holds(&l, old));
	assert_memory_equal(sharedlog_at(&l, young), "young", 5);
	sharedlog_release(&l);
}

#define RECORDS 20000

struct written {
	uint64_t offset;
	size_t len;
	char fill;
};

/* What is held is whole, the floor is the youngest that is not, and the held ones are the last
 * ones. */
static size_t assert_sound(const struct sharedlog *l, const struct written *all, size_t count)
{
	size_t held = 0;

	while (held < count && sharedlog_holds(l, all[count - 1 - held].offset))
		held++;
	for (size_t i = count - held; i < count; i++) {
		const char *bytes = sharedlog_at(l, all[i].offset);

		assert_true(all[i].offset % l->cap + all[i].len <= l->cap);
		assert_true(all[i].len == 0 ||
			    (bytes[0] == all[i].fill && bytes[all[i].len - 1] == all[i].fill));
		for (size_t b = 0; b < all[i].len; b += 97)
			assert_int_equal(bytes[b], all[i].fill);
	}
	if (held < count) {
		assert_false(sharedlog_holds(l, all[0].offset));
		assert_int_equal(cursor_compare(l->floor, cursor_of(count - held)), 0);
	}
	return held;
}

TEST(thousands_of_records_of_any_size_push_out_the_oldest_only)
{
	struct written *all = calloc(RECORDS, sizeof(*all));
	char *bytes = malloc((size_t)1 << 20);
	uint32_t seed = 4711;
	struct sharedlog l;
	uint64_t end = 0;

	sharedlog_init(&l, 0);
	for (size_t i = 0; i < RECORDS; i++) {
		struct written *w = &all[i];
		size_t held;

		w->len = next_random(&seed) % (i % 50 == 0 ? sharedlog_record_max(&l) + 1 : 3000);
		if (i % 777 == 0)
			w->len = sharedlog_record_max(&l);
		w->fill = (char)('a' + i % 26);
		memset(bytes, w->fill, w->len);
		w->offset = sharedlog_append(&l, cursor_of(i + 1), bytes, w->len, 0);
		assert_true(w->offset >= end);
		end = w->offset + w->len;
		if (i % 101 == 0 || i % 777 == 0) {
			held = assert_sound(&l, all, i + 1);
			assert_true(
				held >= 6 ||
				held == i + 1); /* an eighth each, and a gap at the ring's end */
		}
	}
	assert_true(l.head > 20 * l.cap);
	sharedlog_release(&l);
	free(all);
	free(bytes);
}

TEST(what_others_keep_of_a_record_counts_as_long_as_it_is_there)
{
	struct sharedlog l;
	uint64_t first, last = 0;
	char bytes[1000] = "";

	sharedlog_init(&l, 0);
	first = sharedlog_append(&l, cursor_of(1), bytes, sizeof(bytes), 9000);
	for (size_t i = 1; i < 1000; i++) {
		last = sharedlog_append(&l, cursor_of(i + 1), bytes, sizeof(bytes), 9000);
		assert_true(l.head - l.tail + l.kept_by_others <= l.cap);
	}
	assert_false(sharedlog_holds(&l, first));
	assert_true(sharedlog_holds(&l, last));
	assert_within((l.head - l.tail) / 1032, l.cap / 10032 - 2, l.cap / 10032);
	/* more than there is: it stays alone */
	last = sharedlog_append(&l, cursor_of(1001), bytes, sizeof(bytes), 4 * l.cap);
	assert_true(sharedlog_holds(&l, last));
	assert_true(l.kept_by_others <= l.cap / 2 + l.cap / 2);
	sharedlog_restart(&l, cursor_of(1001));
	assert_int_equal(l.kept_by_others, 0);
	sharedlog_release(&l);
}

static size_t resident(const struct sharedlog *l)
{
	size_t pages = l->cap / 4096, count = 0;
	unsigned char *seen = malloc(pages);

	assert_int_equal(mincore(l->ring, l->cap, seen), 0);
	for (size_t i = 0; i < pages; i++)
		count += seen[i] & 1;
	free(seen);
	return count * 4096;
}

/* The bytes of what is there are as they were written, too. */
TEST(pages_that_are_not_used_are_given_back)
{
	struct sharedlog l;
	uint64_t offsets[20000];
	char bytes[1000];

	sharedlog_init(&l, (size_t)8 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		memset(bytes, (char)i, sizeof(bytes));
		offsets[i] = sharedlog_append(&l, cursor_of(i + 1), bytes, sizeof(bytes), 3000);
		if (i % 500 != 0)
			continue;
		for (size_t n = 0; n <= i; n++)
			if (sharedlog_holds(&l, offsets[n]))
				assert_true(sharedlog_at(&l, offsets[n])[0] == (char)n &&
					    sharedlog_at(&l, offsets[n])[999] == (char)n);
	}
	assert_true(l.head > 2 * l.cap);
	assert_true(resident(&l) < l.cap / 4 + l.cap / 16);
	sharedlog_release(&l);
}

TEST(records_that_fill_the_ring_exactly_leave_none_behind)
{
	struct sharedlog l;
	uint64_t first = 0, last = 0;
	char bytes[1000] = "";
	size_t count;

	sharedlog_init(&l, 0);
	count = l.cap / 1008;  /* 24 of header and 984 of bytes */
	if (l.cap % 1008 != 0) /* a first one takes what is over */
		sharedlog_append(&l, cursor_of(1), bytes, l.cap % 1008 - 24, 0);
	for (size_t i = 0; i < count; i++) {
		last = sharedlog_append(&l, cursor_of(i + 2), bytes, 984, 0);
		first = i == 0 ? last : first;
	}
	assert_int_equal(l.head, l.cap);
	assert_true(sharedlog_holds(&l, first));
	assert_true(l.floor.tick == 0);
	last = sharedlog_append(&l, cursor_of(count + 2), "x", 1, 0);
	assert_int_equal(last % l.cap, 24);
	assert_int_equal(l.floor.tick, 1);
	assert_true(sharedlog_holds(&l, last) && sharedlog_holds(&l, first));
	sharedlog_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_is_at_least_the_smallest_and_never_less_than_asked),
		cmocka_unit_test(a_record_is_there_byte_by_byte),
		cmocka_unit_test(a_restart_forgets_everything),
		cmocka_unit_test(thousands_of_records_of_any_size_push_out_the_oldest_only),
		cmocka_unit_test(records_that_fill_the_ring_exactly_leave_none_behind),
		cmocka_unit_test(what_others_keep_of_a_record_counts_as_long_as_it_is_there),
		cmocka_unit_test(pages_that_are_not_used_are_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
