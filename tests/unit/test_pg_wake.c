/* SPDX-License-Identifier: PostgreSQL */
#include "pg/wake.h"

#include <string.h>

#include "unit.h"

#define NOW INT64_C(1000000)

static struct wake make(enum wake_mode mode, enum wake_mood mood)
{
	struct wake w;

	wake_init(&w, mode);
	if (mood == WAKE_AWAKE)
		wake_rise(&w, NOW);
	else if (mood == WAKE_DOZING)
		wake_doze(&w);
	return w;
}

/* So many rings, for a change each, evenly over so many milliseconds; how many of them said that it
 * is time to rise.
 */
static int ring(struct wake *w, int64_t from_ms, int rings, int64_t over_ms)
{
	int times = 0;

	for (int i = 0; i < rings; i++) {
		wake_on_change(w);
		times += wake_on_bell(w, from_ms + over_ms * i / rings);
	}
	return times;
}

/* Looks every WAKE_LOOK_MS up to and not including the end; the first few find something. True when
 * one of them says that it is time to lie down. */
static bool look(struct wake *w, int64_t from_ms, int64_t to_ms, int finds)
{
	bool down = false;

	for (int64_t at = from_ms; at < to_ms; at += WAKE_LOOK_MS)
		down |= wake_on_look(w, at, finds-- > 0);
	return down;
}

TEST(a_mode_has_a_name)
{
	static const enum wake_mode modes[] = {WAKE_ADAPTIVE, WAKE_ALWAYS, WAKE_NEVER};

	for (size_t i = 0; i < 3; i++) {
		enum wake_mode mode = WAKE_ADAPTIVE;

		assert_true(wake_parse(wake_name(modes[i]), &mode));
		assert_int_equal(mode, modes[i]);
	}
	assert_string_equal(wake_name(WAKE_ADAPTIVE), "adaptive");
	assert_string_equal(wake_name(WAKE_ALWAYS), "always");
	assert_string_equal(wake_name(WAKE_NEVER), "never");
}

TEST(any_other_name_is_refused_and_nothing_is_written)
{
	static const char *const bad[] = {"", "Always", "alway", "alwayss", " never", "off"};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		enum wake_mode mode = WAKE_NEVER;

		if (wake_parse(bad[i], &mode))
			fail_msg("'%s' was taken", bad[i]);
		assert_int_equal(mode, WAKE_NEVER);
	}
}

TEST(at_first_it_sleeps_and_waits_for_the_bell)
{
	for (int mode = WAKE_ADAPTIVE; mode <= WAKE_NEVER; mode++) {
		struct wake w = make((enum wake_mode)mode, WAKE_ASLEEP);

		assert_int_equal(w.mood, WAKE_ASLEEP);
		assert_int_equal(wake_next_look_ms(&w, false), -1);
	}
}

TEST(many_rings_in_a_short_time_wake_it)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_ASLEEP);

	assert_int_equal(ring(&w, NOW, WAKE_BELLS - 1, WAKE_BELLS_MS), 0);
	assert_true(wake_on_bell(&w, NOW + WAKE_BELLS_MS));
	assert_int_equal(w.mood, WAKE_ASLEEP);              /* until the lock is held */
	assert_true(wake_on_bell(&w, NOW + WAKE_BELLS_MS)); /* it was not: asked for again */
}

TEST(as_many_in_a_longer_time_do_not)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_ASLEEP);

	assert_int_equal(ring(&w, NOW, WAKE_BELLS - 1, WAKE_BELLS_MS), 0);
	assert_false(wake_on_bell(&w, NOW + WAKE_BELLS_MS + 1));
	assert_int_equal(ring(&w, NOW + 1000, 1000, 1000 * WAKE_BELLS_MS / (WAKE_BELLS - 2)), 0);
}

TEST(a_window_begins_with_its_first_ring)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_ASLEEP);

	assert_false(wake_on_bell(&w, NOW));
	assert_int_equal(ring(&w, NOW + WAKE_BELLS_MS + 1, WAKE_BELLS - 1, WAKE_BELLS_MS), 0);
	assert_true(wake_on_bell(&w, NOW + 2 * WAKE_BELLS_MS + 1));
}

TEST(rings_of_before_it_slept_do_not_count)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_ASLEEP);

	assert_int_equal(ring(&w, NOW, WAKE_BELLS, 10), 1);
	wake_rise(&w, NOW + 10);
	wake_doze(&w);
	wake_sleep(&w);
	assert_int_equal(ring(&w, NOW + 20, WAKE_BELLS - 1, 10), 0);
	assert_true(wake_on_bell(&w, NOW + 30));
}

TEST(who_is_awake_need_not_rise)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	assert_int_equal(ring(&w, NOW, 10 * WAKE_BELLS, WAKE_BELLS_MS), 0);
}

TEST(who_dozes_rises_when_it_rings_as_often)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_DOZING);

	assert_int_equal(ring(&w, NOW, WAKE_BELLS, WAKE_BELLS_MS), 1);
	wake_rise(&w, NOW);
	assert_int_equal(w.mood, WAKE_AWAKE);
	assert_int_equal(wake_next_look_ms(&w, false), WAKE_LOOK_MS);
}

TEST(with_always_and_never_it_does_not_rise)
{
	struct wake always = make(WAKE_ALWAYS, WAKE_ASLEEP), never = make(WAKE_NEVER, WAKE_ASLEEP);

	assert_int_equal(ring(&always, NOW, 10 * WAKE_BELLS, WAKE_BELLS_MS), 0);
	assert_int_equal(ring(&never, NOW, 10 * WAKE_BELLS, WAKE_BELLS_MS), 0);
}

TEST(always_waits_for_the_bell_whatever_was_found)
{
	struct wake w = make(WAKE_ALWAYS, WAKE_ASLEEP);

	assert_int_equal(wake_next_look_ms(&w, true), -1);
	assert_false(look(&w, NOW, NOW + 3 * WAKE_QUIET_MS, 0));
}

TEST(never_looks_on_while_it_finds_something)
{
	struct wake w = make(WAKE_NEVER, WAKE_ASLEEP);

	for (int i = 0; i < 3; i++)
		assert_int_equal(wake_next_look_ms(&w, true), WAKE_LOOK_MS);
	assert_int_equal(wake_next_look_ms(&w, false), -1);
	assert_int_equal(wake_next_look_ms(&w, true), WAKE_LOOK_MS);
}

TEST(awake_it_looks_every_few_milliseconds)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	for (int i = 0; i < 100; i++)
		assert_int_equal(wake_next_look_ms(&w, i % 3 == 0), WAKE_LOOK_MS);
}

TEST(it_lies_down_after_a_quiet_while_and_not_before)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	assert_false(look(&w, NOW, NOW + WAKE_QUIET_MS, 0));
	assert_false(wake_on_look(&w, NOW + WAKE_QUIET_MS - 1, false));
	assert_true(wake_on_look(&w, NOW + WAKE_QUIET_MS, false));
	assert_int_equal(w.mood, WAKE_AWAKE); /* until the lock is given up */
}

TEST(few_finds_are_quiet_and_enough_are_not)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	assert_false(look(&w, NOW, NOW + WAKE_QUIET_MS, WAKE_BELLS - 1));
	assert_true(wake_on_look(&w, NOW + WAKE_QUIET_MS, false));
	w = make(WAKE_ADAPTIVE, WAKE_AWAKE);
	assert_false(look(&w, NOW, NOW + WAKE_QUIET_MS, WAKE_BELLS));
	assert_false(wake_on_look(&w, NOW + WAKE_QUIET_MS, false));
	w = make(WAKE_ADAPTIVE, WAKE_AWAKE);
	assert_false(look(&w, NOW, NOW + WAKE_QUIET_MS, WAKE_BELLS - 1));
	assert_false(wake_on_look(&w, NOW + WAKE_QUIET_MS, true)); /* the last look counts */
}

TEST(each_while_counts_its_own_finds)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);
	int64_t second = NOW + WAKE_QUIET_MS;

	assert_false(look(&w, NOW, second + WAKE_LOOK_MS, 1000));
	assert_false(look(&w, second + WAKE_LOOK_MS, second + WAKE_QUIET_MS, 0));
	assert_true(wake_on_look(&w, second + WAKE_QUIET_MS, false));
}

TEST(who_rises_again_has_a_whole_while)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	assert_true(wake_on_look(&w, NOW + 5 * WAKE_QUIET_MS, false));
	wake_doze(&w);
	wake_rise(&w, NOW + 10 * WAKE_QUIET_MS);
	assert_false(wake_on_look(&w, NOW + 11 * WAKE_QUIET_MS - 1, false));
	assert_true(wake_on_look(&w, NOW + 11 * WAKE_QUIET_MS, false));
}

TEST(only_who_is_awake_lies_down)
{
	struct wake asleep = make(WAKE_ADAPTIVE, WAKE_ASLEEP);
	struct wake dozing = make(WAKE_ADAPTIVE, WAKE_DOZING);

	assert_false(look(&asleep, NOW, NOW + 3 * WAKE_QUIET_MS, 0));
	assert_false(look(&dozing, NOW, NOW + 3 * WAKE_QUIET_MS, 0));
}

TEST(dozing_it_looks_less_and_less_often)
{
	static const int waits[] = {5, 10, 20, 40, 80, 100, 100, 100};
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	for (int round = 0; round < 2; round++) {
		wake_doze(&w);
		for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
			assert_int_equal(wake_next_look_ms(&w, i % 2 == 0), waits[i]);
		wake_rise(&w, NOW); /* the next doze begins anew */
	}
}

TEST(asleep_it_looks_no_more)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_DOZING);

	wake_sleep(&w);
	assert_int_equal(w.mood, WAKE_ASLEEP);
	assert_int_equal(wake_next_look_ms(&w, false), -1);
	assert_int_equal(wake_next_look_ms(&w, true), -1);
}

/* A lost connection: from whichever mood. */
TEST(it_may_fall_asleep_at_once)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	wake_sleep(&w);
	assert_int_equal(wake_next_look_ms(&w, true), -1);
	assert_int_equal(ring(&w, NOW, WAKE_BELLS, WAKE_BELLS_MS), 1);
}

TEST(rings_without_changes_do_not_wake_it)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_ASLEEP);

	for (int i = 0; i < 1000; i++)
		assert_false(wake_on_bell(&w, NOW + i / 10));
	for (int i = 0; i < WAKE_BELLS / 2; i++)
		wake_on_change(&w);
	assert_false(wake_on_bell(&w, NOW + WAKE_BELLS_MS)); /* most of them were for nothing */
}

TEST(what_rang_may_be_read_a_little_later)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_ASLEEP);

	for (int i = 0; i < WAKE_BELLS; i++)
		assert_false(wake_on_bell(&w, NOW + i));
	for (int i = 0; i < WAKE_BELLS / 2; i++)
		wake_on_change(&w);
	assert_true(wake_on_bell(&w, NOW + WAKE_BELLS_MS));
}

/* How often a bell that rings all the time is looked at, in so many milliseconds; one look of so
 * many is vain. */
static int looks(struct wake_ration *r, int64_t from_ms, int64_t over_ms, int vain_every)
{
	int count = 0;

	for (int64_t at = from_ms; at < from_ms + over_ms; at++)
		if (wake_ration_wait_ms(r, at) == 0)
			wake_ration_use(r, at, ++count % vain_every != 0);
	return count;
}

TEST(vain_looks_are_rationed)
{
	struct wake_ration r = {0};

	assert_within(looks(&r, NOW, 1000, 1), WAKE_VAIN_MOST,
		      WAKE_VAIN_MOST + 1000 / WAKE_VAIN_MS + 1);
	assert_within(looks(&r, NOW + 1000, 10000, 1), 10 * 10, 10 * 20);
	assert_within(wake_ration_wait_ms(&r, NOW + 11000), 0, WAKE_VAIN_MS);
}

TEST(looks_that_find_something_are_not)
{
	struct wake_ration r = {0};

	assert_int_equal(looks(&r, NOW, 1000, 2000), 1000);
	/* as when two writers ring at a time */
	assert_int_equal(looks(&r, NOW + 1000, 1000, 3), 1000);
}

TEST(a_ration_is_not_saved_up)
{
	struct wake_ration r = {0};

	assert_int_equal(looks(&r, NOW, 1000, 2000), 1000);
	assert_within(looks(&r, NOW + 100000, 10, 1), 1, WAKE_VAIN_MOST);
}

/* Looks of both kinds that take so long, often enough for the averages. */
static struct wake costly(int64_t empty_us, int64_t find_us)
{
	struct wake w = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	for (int i = 0; i < 100; i++) {
		wake_took(&w, false, empty_us);
		wake_took(&w, true, find_us);
	}
	return w;
}

TEST(where_commits_are_fast_more_may_ring)
{
	struct wake fast = costly(300, 500), slow = costly(300, 2300), slower = costly(300, 9000);
	struct wake none = make(WAKE_ADAPTIVE, WAKE_AWAKE);

	assert_int_equal(wake_bells(&none), WAKE_BELLS);
	assert_int_equal(wake_bells(&fast), WAKE_BELLS_MOST);
	assert_int_equal(wake_bells(&slow), WAKE_BELLS_LEAST);
	assert_int_equal(wake_bells(&slower), WAKE_BELLS_LEAST);
	slow = costly(300, 1300);
	assert_int_equal(wake_bells(&slow), 20);
	wake_sleep(&fast);
	assert_int_equal(ring(&fast, NOW, WAKE_BELLS_MOST - 1, WAKE_BELLS_MS), 0);
	assert_true(wake_on_bell(&fast, NOW + WAKE_BELLS_MS));
}

TEST(strange_costs_are_no_trouble)
{
	struct wake w = costly(900, 400);

	assert_int_equal(wake_bells(&w), WAKE_BELLS_MOST);
	w = costly(0, 0);
	assert_int_equal(wake_bells(&w), WAKE_BELLS_MOST);
	w = costly(1, INT64_C(60000000));
	assert_int_equal(wake_bells(&w), WAKE_BELLS_LEAST);
	assert_int_equal(wake_next_look_ms(&w, true), WAKE_LOOK_MS);
	for (int i = 0; i < 200; i++) /* one long statement is soon forgotten */
		wake_took(&w, true, 500);
	assert_within(wake_bells(&w), 35, 40);
}

TEST(cheap_looks_are_often)
{
	struct wake w = costly(100, 200);

	assert_int_equal(wake_next_look_ms(&w, false), 1);
	w = costly(200, 400);
	assert_int_equal(wake_next_look_ms(&w, false), 2);
	w = costly(300, 1000);
	assert_int_equal(wake_next_look_ms(&w, false), 4);
	w = costly(300, 3000);
	assert_int_equal(wake_next_look_ms(&w, false), WAKE_LOOK_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mode_has_a_name),
		cmocka_unit_test(any_other_name_is_refused_and_nothing_is_written),
		cmocka_unit_test(at_first_it_sleeps_and_waits_for_the_bell),
		cmocka_unit_test(many_rings_in_a_short_time_wake_it),
		cmocka_unit_test(as_many_in_a_longer_time_do_not),
		cmocka_unit_test(a_window_begins_with_its_first_ring),
		cmocka_unit_test(rings_of_before_it_slept_do_not_count),
		cmocka_unit_test(who_is_awake_need_not_rise),
		cmocka_unit_test(who_dozes_rises_when_it_rings_as_often),
		cmocka_unit_test(with_always_and_never_it_does_not_rise),
		cmocka_unit_test(always_waits_for_the_bell_whatever_was_found),
		cmocka_unit_test(never_looks_on_while_it_finds_something),
		cmocka_unit_test(awake_it_looks_every_few_milliseconds),
		cmocka_unit_test(it_lies_down_after_a_quiet_while_and_not_before),
		cmocka_unit_test(few_finds_are_quiet_and_enough_are_not),
		cmocka_unit_test(each_while_counts_its_own_finds),
		cmocka_unit_test(who_rises_again_has_a_whole_while),
		cmocka_unit_test(only_who_is_awake_lies_down),
		cmocka_unit_test(dozing_it_looks_less_and_less_often),
		cmocka_unit_test(asleep_it_looks_no_more),
		cmocka_unit_test(it_may_fall_asleep_at_once),
		cmocka_unit_test(rings_without_changes_do_not_wake_it),
		cmocka_unit_test(what_rang_may_be_read_a_little_later),
		cmocka_unit_test(vain_looks_are_rationed),
		cmocka_unit_test(looks_that_find_something_are_not),
		cmocka_unit_test(a_ration_is_not_saved_up),
		cmocka_unit_test(where_commits_are_fast_more_may_ring),
		cmocka_unit_test(strange_costs_are_no_trouble),
		cmocka_unit_test(cheap_looks_are_often),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
