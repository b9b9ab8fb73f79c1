/* SPDX-License-Identifier: PostgreSQL */
#include "base/strmap.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

#include "unit.h"

/* Values are addresses in here; what they hold does not matter. */
static char values[4096];

static size_t name(char *key, size_t size, size_t number)
{
	return (size_t)snprintf(key, size, "key-%zu", number);
}

/* Every key must be found from its home place without meeting a free slot. */
static void assert_sound(const struct strmap *m)
{
	size_t used = 0;

	for (size_t at = 0; at < m->cap; at++) {
		const struct strmap_slot *slot = &m->slots[at];

		if (slot->key == NULL)
			continue;
		used++;
		for (size_t way = slot->hash & (m->cap - 1); way != at;
		     way = (way + 1) & (m->cap - 1))
			assert_non_null(m->slots[way].key);
	}
	assert_int_equal(used, m->count);
}

TEST(an_empty_map_has_nothing_to_give)
{
	struct strmap m;
	size_t iter = 0;

	strmap_init(&m);
	assert_null(strmap_get(&m, "a", 1));
	assert_null(strmap_remove(&m, "a", 1));
	assert_null(strmap_next(&m, &iter));
	strmap_release(&m);
}

TEST(a_value_is_found_by_a_copy_of_its_key)
{
	char key[] = "topic";
	struct strmap m;

	strmap_init(&m);
	strmap_put(&m, key, 5, &values[1]);
	memset(key, 'x', 5);
	assert_ptr_equal(strmap_get(&m, "topic", 5), &values[1]);
	assert_null(strmap_get(&m, "xxxxx", 5));
	strmap_release(&m);
}

TEST(a_second_put_replaces_the_value)
{
	struct strmap m;

	strmap_init(&m);
	strmap_put(&m, "a", 1, &values[1]);
	strmap_put(&m, "a", 1, &values[2]);
	assert_ptr_equal(strmap_get(&m, "a", 1), &values[2]);
	assert_int_equal(m.count, 1);
	assert_ptr_equal(strmap_remove(&m, "a", 1), &values[2]);
	assert_null(strmap_get(&m, "a", 1));
	strmap_release(&m);
}

TEST(keys_are_bytes_of_a_given_length)
{
	struct strmap m;

	strmap_init(&m);
	strmap_put(&m, "", 0, &values[0]);
	strmap_put(&m, "a", 1, &values[1]);
	strmap_put(&m, "a\0b", 3, &values[2]);
	strmap_put(&m, "a\0c", 3, &values[3]);
	assert_ptr_equal(strmap_get(&m, NULL, 0), &values[0]);
	assert_ptr_equal(strmap_get(&m, "abc", 1), &values[1]);
	assert_ptr_equal(strmap_get(&m, "a\0b", 3), &values[2]);
	assert_ptr_equal(strmap_get(&m, "a\0c", 3), &values[3]);
	assert_null(strmap_get(&m, "a\0", 2));
	strmap_release(&m);
}

TEST(a_removed_key_is_gone_after_growth)
{
	struct strmap m;
	char key[32];

	strmap_init(&m);
	for (size_t number = 0; number < 2000; number++)
		strmap_put(&m, key, name(key, sizeof(key), number), &values[number]);
	for (size_t number = 0; number < 2000; number += 2)
		assert_ptr_equal(strmap_remove(&m, key, name(key, sizeof(key), number)),
				 &values[number]);
	for (size_t number = 2000; number < 4096; number++)
		strmap_put(&m, key, name(key, sizeof(key), number), &values[number]);
	for (size_t number = 0; number < 4096; number++) {
		void *expected = number < 2000 && number % 2 == 0 ? NULL : &values[number];

		assert_ptr_equal(strmap_get(&m, key, name(key, sizeof(key), number)), expected);
	}
	assert_sound(&m);
	strmap_release(&m);
}

TEST(churn_does_not_make_the_table_grow)
{
	struct strmap m;
	char key[32];
	size_t cap;

	strmap_init(&m);
	strmap_put(&m, "stays", 5, &values[1]);
	cap = m.cap;
	for (size_t number = 0; number < 20000; number++) {
		size_t len = name(key, sizeof(key), number);

		strmap_put(&m, key, len, &values[2]);
		assert_ptr_equal(strmap_remove(&m, key, len), &values[2]);
	}
	assert_int_equal(m.cap, cap);
	assert_int_equal(m.count, 1);
	assert_ptr_equal(strmap_get(&m, "stays", 5), &values[1]);
	strmap_release(&m);
}

/* Searches the key space for keys whose home is this place of the smallest table. */
static void find_keys(const struct strmap *m, size_t home, char keys[][32], size_t count)
{
	size_t number = 0;

	for (size_t found = 0; found < count; number++) {
		size_t len = name(keys[found], 32, number);

		if ((hash_bytes(m->hash_key, keys[found], len) & 15) == home)
			found++;
	}
}

/* Two keys that live in the last slot and four of slot 0: the run goes round the end. */
static void put_run(struct strmap *m, char keys[6][32])
{
	find_keys(m, 15, keys, 2);
	find_keys(m, 0, keys + 2, 4);
	for (size_t at = 0; at < 6; at++)
		strmap_put(m, keys[at], strlen(keys[at]), &values[at]);
	assert_int_equal(m->cap, 16);
	assert_non_null(m->slots[15].key);
	assert_non_null(m->slots[4].key);
}

TEST(removal_closes_the_gap_round_the_end_of_the_table)
{
	char keys[6][32];
	struct strmap m;

	for (size_t gone = 0; gone < 6; gone++) {
		strmap_init(&m);
		put_run(&m, keys);
		assert_ptr_equal(strmap_remove(&m, keys[gone], strlen(keys[gone])), &values[gone]);
		assert_sound(&m);
		for (size_t at = 0; at < 6; at++)
			assert_ptr_equal(strmap_get(&m, keys[at], strlen(keys[at])),
					 at == gone ? NULL : &values[at]);
		strmap_release(&m);
	}
}

#define MODEL_KEYS 300

/* model[number] is what the map must answer for key-number. */
static void step(struct strmap *m, void **model, uint32_t *seed, uint32_t removals_of_ten)
{
	size_t number = next_random(seed) % MODEL_KEYS;
	char key[32];
	size_t len = name(key, sizeof(key), number);

	assert_ptr_equal(strmap_get(m, key, len), model[number]);
	if (next_random(seed) % 10 < removals_of_ten) {
		assert_ptr_equal(strmap_remove(m, key, len), model[number]);
		model[number] = NULL;
	} else {
		model[number] = &values[next_random(seed) % sizeof(values)];
		strmap_put(m, key, len, model[number]);
	}
}

static size_t count_model(void **model)
{
	size_t count = 0;

	for (size_t number = 0; number < MODEL_KEYS; number++)
		count += model[number] != NULL;
	return count;
}

/* Phases of growth and shrinking in turn, so that the table is tried both full and almost empty. */
TEST(thousands_of_random_steps_agree_with_a_plain_array)
{
	static const uint32_t removals[] = {2, 8, 5, 1, 9, 4};
	void *model[MODEL_KEYS] = {NULL};
	uint32_t seed = 20261122;
	struct strmap m;

	strmap_init(&m);
	for (size_t phase = 0; phase < ARRAY_SIZE(removals); phase++) {
		for (int steps = 0; steps < 5000; steps++) {
			step(&m, model, &seed, removals[phase]);
			if (steps % 50 == 0)
				assert_sound(&m);
		}
		assert_int_equal(m.count, count_model(model));
	}
	strmap_release(&m);
}

TEST(a_walk_meets_every_value_once)
{
	bool seen[500] = {false};
	size_t iter = 0;
	struct strmap m;
	char key[32];
	char *value;

	strmap_init(&m);
	for (size_t number = 0; number < 500; number++)
		strmap_put(&m, key, name(key, sizeof(key), number), &values[number]);
	while ((value = strmap_next(&m, &iter)) != NULL) {
		assert_false(seen[value - values]);
		seen[value - values] = true;
	}
	for (size_t number = 0; number < 500; number++)
		assert_true(seen[number]);
	strmap_release(&m);
}

TEST(a_released_map_is_empty_and_can_be_used_again)
{
	struct strmap m;

	strmap_init(&m);
	strmap_put(&m, "a", 1, &values[1]);
	strmap_release(&m);
	assert_null(strmap_get(&m, "a", 1));
	strmap_put(&m, "a", 1, &values[2]);
	assert_ptr_equal(strmap_get(&m, "a", 1), &values[2]);
	strmap_release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_has_nothing_to_give),
		cmocka_unit_test(a_value_is_found_by_a_copy_of_its_key),
		cmocka_unit_test(a_second_put_replaces_the_value),
		cmocka_unit_test(keys_are_bytes_of_a_given_length),
		cmocka_unit_test(a_removed_key_is_gone_after_growth),
		cmocka_unit_test(churn_does_not_make_the_table_grow),
		cmocka_unit_test(removal_closes_the_gap_round_the_end_of_the_table),
		cmocka_unit_test(thousands_of_random_steps_agree_with_a_plain_array),
		cmocka_unit_test(a_walk_meets_every_value_once),
		cmocka_unit_test(a_released_map_is_empty_and_can_be_used_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
