/* SPDX-License-Identifier: PostgreSQL */
/* How long a turn lasts: timers, limits and signals. What is ready in it: test_base_loop.c. */
#include "base/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"

#include "unit.h"

/* A timer and a watch that note in which order they were called. */
struct alarm {
	struct timer timer;
	struct watch watch;
	int calls;
	int fired, ready; /* 0, or the number of the call */
};

static void on_alarm(struct timer *t)
{
	struct alarm *a = container_of(t, struct alarm, timer);

	a->fired = ++a->calls;
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct alarm *a = container_of(w, struct alarm, watch);

	assert_int_equal(events, EPOLLIN);
	a->ready = ++a->calls;
}

TEST(a_turn_without_limit_lasts_until_the_next_timer)
{
	struct alarm a = {.fired = 0};
	struct loop l;
	int64_t start_ms;

	assert_true(loop_open(&l));
	timer_init(&a.timer, on_alarm);
	start_ms = clock_mono_ms();
	loop_set_timer(&l, &a.timer, 30);
	loop_turn(&l, -1);
	assert_int_equal(a.fired, 1);
	assert_within(clock_mono_ms() - start_ms, 30, 60000);
	loop_close(&l);
}

TEST(a_turn_ends_at_its_limit_although_a_timer_is_later)
{
	struct alarm a = {.fired = 0};
	struct loop l;
	int64_t start_ms;

	assert_true(loop_open(&l));
	timer_init(&a.timer, on_alarm);
	loop_set_timer(&l, &a.timer, INT64_MAX);
	start_ms = clock_mono_ms();
	loop_turn(&l, 20);
	assert_int_equal(a.fired, 0);
	assert_within(clock_mono_ms() - start_ms, 20, 60000);
	assert_true(l.now_ms >= start_ms + 20);
	loop_stop_timer(&l, &a.timer);
	assert_false(timer_pending(&a.timer));
	loop_close(&l);
}

TEST(timers_fire_after_files)
{
	int fd = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	struct alarm a = {.fired = 0};
	struct loop l;

	assert_true(loop_open(&l));
	watch_init(&a.watch, on_ready);
	assert_true(loop_watch(&l, &a.watch, fd, EPOLLIN));
	timer_init(&a.timer, on_alarm);
	loop_set_timer(&l, &a.timer, 0);
	loop_turn(&l, -1);
	assert_int_equal(a.ready, 1);
	assert_int_equal(a.fired, 2);
	loop_unwatch(&l, &a.watch);
	close(fd);
	loop_close(&l);
}

static void note_signal(void *ctx, int signo)
{
	int *seen = ctx;

	seen[0]++;
	seen[1] += signo;
}

TEST(taken_signals_come_to_the_callback_between_others)
{
	const int taken[] = {SIGUSR1, SIGUSR2};
	int seen[2] = {0, 0};
	struct loop l;

	assert_true(loop_open(&l));
	assert_true(loop_take_signals(&l, taken, 2, note_signal, seen));
	kill(getpid(), SIGUSR1);
	kill(getpid(), SIGUSR2);
	assert_int_equal(seen[0], 0);
	loop_turn(&l, 1000);
	assert_int_equal(seen[0], 2);
	assert_int_equal(seen[1], SIGUSR1 + SIGUSR2);
	loop_turn(&l, 0);
	assert_int_equal(seen[0], 2);
	loop_close(&l);
}

static volatile sig_atomic_t interrupted;

static void interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

TEST(a_signal_that_was_not_taken_only_ends_the_turn)
{
	struct sigaction action = {.sa_handler = interrupt};
	/* the first may come before the turn begins */
	struct itimerval often = {.it_value = {.tv_usec = 20000},
				  .it_interval = {.tv_usec = 20000}};
	struct alarm a = {.fired = 0};
	struct loop l;
	int64_t start_ms;

	assert_true(loop_open(&l));
	timer_init(&a.timer, on_alarm);
	loop_set_timer(&l, &a.timer, 600000);
	assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);
	start_ms = clock_mono_ms();
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	loop_turn(&l, -1);
	assert_int_equal(setitimer(ITIMER_REAL, &(struct itimerval){.it_value = {0}}, NULL), 0);
	assert_true(interrupted);
	assert_within(clock_mono_ms() - start_ms, 0, 60000);
	assert_int_equal(a.fired, 0);
	loop_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_without_limit_lasts_until_the_next_timer),
		cmocka_unit_test(a_turn_ends_at_its_limit_although_a_timer_is_later),
		cmocka_unit_test(timers_fire_after_files),
		cmocka_unit_test(taken_signals_come_to_the_callback_between_others),
		cmocka_unit_test(a_signal_that_was_not_taken_only_ends_the_turn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
