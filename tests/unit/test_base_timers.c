/* SPDX-License-Identifier: PostgreSQL */
#include "base/timers.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#include "unit.h"

/* A timer that counts, and may do one thing to another when it fires. */
struct probe {
	struct timer timer;
	struct timers *ts;
	int fired;
	int order; /* place among all that fired */
	struct timer *sets, *stops;
	int64_t set_due_ms;
};

static int fired_so_far;

static void on_fire(struct timer *t)
{
	struct probe *p = container_of(t, struct probe, timer);

	assert_false(timer_pending(t));
	p->fired++;
	p->order = ++fired_so_far;
	if (p->sets != NULL)
		timers_set(p->ts, p->sets, p->set_due_ms);
	if (p->stops != NULL)
		timers_stop(p->ts, p->stops);
}

static void start(struct timers *ts, struct probe *probes, int count)
{
	fired_so_far = 0;
	timers_init(ts);
	for (int at = 0; at < count; at++) {
		probes[at] = (struct probe){.ts = ts};
		timer_init(&probes[at].timer, on_fire);
	}
}

TEST(nothing_fires_and_nothing_waits_when_no_timer_is_set)
{
	struct timers ts;

	timers_init(&ts);
	assert_int_equal(timers_fire(&ts, 1000), 0);
	assert_int_equal(timers_wait_ms(&ts, 1000), -1);
	timers_release(&ts);
}

TEST(a_timer_fires_once_and_not_before_its_time)
{
	struct probe p[1];
	struct timers ts;

	start(&ts, p, 1);
	timers_set(&ts, &p[0].timer, 100);
	assert_true(timer_pending(&p[0].timer));
	assert_int_equal(timers_fire(&ts, 99), 0);
	assert_int_equal(timers_fire(&ts, 100), 1);
	assert_int_equal(timers_fire(&ts, 100), 0);
	assert_int_equal(p[0].fired, 1);
	assert_false(timer_pending(&p[0].timer));
	timers_release(&ts);
}

TEST(the_wait_is_the_time_to_the_next_timer)
{
	struct probe p[2];
	struct timers ts;

	start(&ts, p, 2);
	timers_set(&ts, &p[0].timer, 500);
	timers_set(&ts, &p[1].timer, 200);
	assert_int_equal(timers_wait_ms(&ts, 50), 150);
	assert_int_equal(timers_wait_ms(&ts, 200), 0);
	assert_int_equal(timers_wait_ms(&ts, 900), 0);
	timers_stop(&ts, &p[1].timer);
	assert_int_equal(timers_wait_ms(&ts, 50), 450);
	timers_set(&ts, &p[0].timer, INT64_MAX);
	assert_int_equal(timers_wait_ms(&ts, 50), INT_MAX);
	timers_release(&ts);
}

TEST(equal_times_fire_in_the_order_they_were_set)
{
	struct probe p[40];
	struct timers ts;

	start(&ts, p, 40);
	for (int at = 0; at < 40; at++)
		timers_set(&ts, &p[at].timer, 10);
	timers_set(&ts, &p[0].timer, 10);
	assert_int_equal(timers_fire(&ts, 10), 40);
	for (int at = 1; at < 40; at++)
		assert_int_equal(p[at].order, at);
	assert_int_equal(p[0].order, 40);
	timers_release(&ts);
}

TEST(setting_a_pending_timer_moves_it)
{
	struct probe p[2];
	struct timers ts;

	start(&ts, p, 2);
	timers_set(&ts, &p[0].timer, 10);
	timers_set(&ts, &p[1].timer, 20);
	timers_set(&ts, &p[0].timer, 30);
	assert_int_equal(timers_fire(&ts, 20), 1);
	assert_int_equal(p[1].fired, 1);
	timers_set(&ts, &p[0].timer, 21);
	assert_int_equal(timers_fire(&ts, 21), 1);
	assert_int_equal(p[0].fired, 1);
	timers_release(&ts);
}

TEST(a_timer_can_be_stopped_at_any_time)
{
	struct probe p[1];
	struct timers ts;

	start(&ts, p, 1);
	timers_stop(&ts, &p[0].timer);
	timers_set(&ts, &p[0].timer, 10);
	timers_stop(&ts, &p[0].timer);
	timers_stop(&ts, &p[0].timer);
	assert_int_equal(timers_fire(&ts, 10), 0);
	assert_int_equal(p[0].fired, 0);
	timers_release(&ts);
}

TEST(a_callback_that_sets_its_own_past_time_waits_for_the_next_call)
{
	struct probe p[1];
	struct timers ts;

	start(&ts, p, 1);
	p[0].sets = &p[0].timer;
	p[0].set_due_ms = 5;
	timers_set(&ts, &p[0].timer, 10);
	assert_int_equal(timers_fire(&ts, 10), 1);
	assert_int_equal(timers_wait_ms(&ts, 10), 0);
	assert_int_equal(timers_fire(&ts, 10), 1);
	assert_int_equal(p[0].fired, 2);
	timers_release(&ts);
}

/* The one set anew has the earliest time by far, yet must not hold up those that were due. */
TEST(a_past_time_set_in_a_callback_does_not_delay_the_others)
{
	struct probe p[4];
	struct timers ts;

	start(&ts, p, 4);
	for (int at = 0; at < 3; at++)
		timers_set(&ts, &p[at].timer, 10 + at);
	p[0].sets = &p[3].timer;
	p[0].set_due_ms = -1000;
	assert_int_equal(timers_fire(&ts, 20), 3);
	assert_int_equal(p[3].fired, 0);
	assert_int_equal(timers_fire(&ts, 20), 1);
	assert_int_equal(p[3].fired, 1);
	timers_release(&ts);
}

TEST(a_callback_can_put_off_another_timer_that_is_due)
{
	struct probe p[2];
	struct timers ts;

	start(&ts, p, 2);
	timers_set(&ts, &p[0].timer, 10);
	timers_set(&ts, &p[1].timer, 11);
	p[0].sets = &p[1].timer;
	p[0].set_due_ms = 50;
	assert_int_equal(timers_fire(&ts, 20), 1);
	assert_int_equal(p[1].fired, 0);
	assert_int_equal(timers_fire(&ts, 50), 1);
	timers_release(&ts);
}

TEST(a_callback_can_stop_another_timer_that_is_due)
{
	struct probe p[3];
	struct timers ts;

	start(&ts, p, 3);
	for (int at = 0; at < 3; at++)
		timers_set(&ts, &p[at].timer, 10 + at);
	p[0].stops = &p[1].timer;
	p[2].stops = &p[2].timer;
	assert_int_equal(timers_fire(&ts, 20), 2);
	assert_int_equal(p[1].fired, 0);
	assert_int_equal(p[2].fired, 1);
	timers_release(&ts);
}

static void free_itself(struct timer *t)
{
	free(t);
}

TEST(a_callback_may_free_its_timer)
{
	struct timer *t = malloc(sizeof(*t));
	struct timers ts;

	assert_non_null(t);
	timers_init(&ts);
	timer_init(t, free_itself);
	timers_set(&ts, t, 1);
	assert_int_equal(timers_fire(&ts, 1), 1);
	timers_release(&ts);
}

TEST(released_timers_are_not_pending)
{
	struct probe p[2];
	struct timers ts;

	start(&ts, p, 2);
	timers_set(&ts, &p[0].timer, 10);
	timers_set(&ts, &p[1].timer, 20);
	timers_release(&ts);
	assert_false(timer_pending(&p[0].timer));
	timers_stop(&ts, &p[1].timer);
	timers_set(&ts, &p[1].timer, 20);
	assert_int_equal(timers_fire(&ts, 20), 1);
	timers_release(&ts);
}

static void assert_heap(const struct timers *ts)
{
	for (size_t at = 0; at < ts->count; at++) {
		assert_int_equal(ts->heap[at]->at, at + 1);
		if (at > 0)
			assert_true(ts->heap[(at - 1) / 2]->due_ms <= ts->heap[at]->due_ms);
	}
}

/* due[at] is -1 where the timer is not pending. */
static void step(struct timers *ts, struct probe *p, int64_t *due, int64_t now_ms, uint32_t *seed)
{
	size_t at = next_random(seed) % 200;

	if (next_random(seed) % 3 == 0) {
		timers_stop(ts, &p[at].timer);
		due[at] = -1;
	} else {
		due[at] = now_ms + 1 + next_random(seed) % 500;
		timers_set(ts, &p[at].timer, due[at]);
	}
}

TEST(thousands_of_random_steps_agree_with_a_plain_array)
{
	uint32_t seed = 20261122;
	struct probe p[200];
	int64_t due[200];
	struct timers ts;

	start(&ts, p, 200);
	memset(due, -1, sizeof(due));
	for (int64_t now_ms = 0; now_ms < 20000; now_ms++) {
		step(&ts, p, due, now_ms, &seed);
		assert_heap(&ts);
		timers_fire(&ts, now_ms);
		for (size_t at = 0; at < 200; at++) {
			int expected = due[at] != -1 && due[at] <= now_ms;

			assert_int_equal(p[at].fired, expected);
			due[at] = expected ? -1 : due[at];
			p[at].fired = 0;
		}
	}
	timers_release(&ts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_fires_and_nothing_waits_when_no_timer_is_set),
		cmocka_unit_test(a_timer_fires_once_and_not_before_its_time),
		cmocka_unit_test(the_wait_is_the_time_to_the_next_timer),
		cmocka_unit_test(equal_times_fire_in_the_order_they_were_set),
		cmocka_unit_test(setting_a_pending_timer_moves_it),
		cmocka_unit_test(a_timer_can_be_stopped_at_any_time),
		cmocka_unit_test(a_callback_that_sets_its_own_past_time_waits_for_the_next_call),
		cmocka_unit_test(a_past_time_set_in_a_callback_does_not_delay_the_others),
		cmocka_unit_test(a_callback_can_put_off_another_timer_that_is_due),
		cmocka_unit_test(a_callback_can_stop_another_timer_that_is_due),
		cmocka_unit_test(a_callback_may_free_its_timer),
		cmocka_unit_test(released_timers_are_not_pending),
		cmocka_unit_test(thousands_of_random_steps_agree_with_a_plain_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
