/* SPDX-License-Identifier: PostgreSQL */
#include "base/loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "unit.h"

/* A watch on an eventfd (an fd that is readable while its counter is not 0). */
struct probe {
	struct watch watch;
	struct loop *loop;
	int fd;
	int called;
	uint32_t events;
	struct probe *unwatches; /* in the callback */
	struct probe *moves;     /* to moves_to, in the callback */
	int moves_to;
};

static void on_ready(struct watch *w, uint32_t events)
{
	struct probe *p = container_of(w, struct probe, watch);
	uint64_t counter;

	p->called++;
	p->events = events;
	if (p->unwatches != NULL)
		loop_unwatch(p->loop, &p->unwatches->watch);
	if (p->moves != NULL) {
		loop_unwatch(p->loop, &p->moves->watch);
		assert_true(loop_watch(p->loop, &p->moves->watch, p->moves_to, EPOLLIN));
	}
	if (read(p->fd, &counter, sizeof(counter)) == -1)
		p->called += 1000; /* called in vain */
}

static void probe_open(struct probe *p, struct loop *l, unsigned int counter)
{
	*p = (struct probe){.loop = l, .fd = eventfd(counter, EFD_NONBLOCK | EFD_CLOEXEC)};
	assert_int_not_equal(p->fd, -1);
	watch_init(&p->watch, on_ready);
	assert_true(loop_watch(l, &p->watch, p->fd, EPOLLIN));
}

static void probe_close(struct probe *p)
{
	loop_unwatch(p->loop, &p->watch);
	close(p->fd);
}

TEST(a_ready_file_calls_its_watch)
{
	struct probe p, quiet;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&p, &l, 1);
	probe_open(&quiet, &l, 0);
	loop_turn(&l, 1000);
	assert_int_equal(p.called, 1);
	assert_int_equal(p.events, EPOLLIN);
	assert_int_equal(quiet.called, 0);
	probe_close(&quiet);
	probe_close(&p);
	loop_close(&l);
}

TEST(a_closed_pipe_calls_its_watch)
{
	struct probe p = {.loop = NULL};
	struct loop l;
	int ends[2];

	assert_true(loop_open(&l));
	assert_int_equal(pipe(ends), 0);
	p.fd = ends[0];
	watch_init(&p.watch, on_ready);
	assert_true(loop_watch(&l, &p.watch, ends[0], EPOLLIN));
	loop_turn(&l, 0);
	assert_int_equal(p.called, 0);
	close(ends[1]);
	loop_turn(&l, 1000);
	assert_int_equal(p.called, 1);
	assert_true(p.events & EPOLLHUP);
	loop_unwatch(&l, &p.watch);
	close(ends[0]);
	loop_close(&l);
}

TEST(the_events_of_a_watch_can_be_changed)
{
	struct probe p;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&p, &l, 1);
	assert_true(loop_watch(&l, &p.watch, p.fd, 0));
	loop_turn(&l, 0);
	assert_int_equal(p.called, 0);
	assert_true(loop_watch(&l, &p.watch, p.fd, EPOLLIN | EPOLLOUT));
	loop_turn(&l, 0);
	assert_int_equal(p.called, 1);
	assert_int_equal(p.events, EPOLLIN | EPOLLOUT);
	probe_close(&p);
	loop_close(&l);
}

TEST(a_watch_can_move_to_another_file)
{
	struct probe p, other;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&p, &l, 1);
	probe_open(&other, &l, 0);
	loop_unwatch(&l, &other.watch);
	assert_true(loop_watch(&l, &p.watch, other.fd, EPOLLIN));
	loop_turn(&l, 0);
	assert_int_equal(p.called, 0);
	loop_unwatch(&l, &p.watch);
	probe_close(&other);
	probe_close(&p);
	loop_close(&l);
}

/* What libpq does while it tries one address after the other. */
TEST(a_file_closed_and_opened_under_the_same_number_is_watched_again)
{
	struct probe p;
	struct loop l;
	int fresh;

	assert_true(loop_open(&l));
	probe_open(&p, &l, 0);
	fresh = eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
	close(p.fd);
	assert_int_equal(dup2(fresh, p.fd), p.fd);
	close(fresh);
	assert_true(loop_watch(&l, &p.watch, p.fd, EPOLLIN));
	loop_turn(&l, 0);
	assert_int_equal(p.called, 1);
	probe_close(&p);
	loop_close(&l);
}

TEST(a_file_that_is_not_open_cannot_be_watched)
{
	struct probe p;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&p, &l, 1);
	probe_close(&p);
	assert_false(loop_watch(&l, &p.watch, p.fd, EPOLLIN));
	assert_int_equal(p.watch.fd, -1);
	loop_close(&l);
}

TEST(unwatching_is_harmless_twice_and_after_close)
{
	struct probe p;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&p, &l, 1);
	close(p.fd);
	loop_unwatch(&l, &p.watch);
	loop_unwatch(&l, &p.watch);
	loop_turn(&l, 0);
	assert_int_equal(p.called, 0);
	loop_close(&l);
}

TEST(a_watch_unwatched_earlier_in_the_batch_is_not_called)
{
	struct probe one, two;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&one, &l, 1);
	probe_open(&two, &l, 1);
	one.unwatches = &two; /* whichever comes first silences the other */
	two.unwatches = &one;
	loop_turn(&l, 0);
	assert_int_equal(one.called + two.called, 1);
	probe_close(&one);
	probe_close(&two);
	loop_close(&l);
}

TEST(a_callback_may_unwatch_itself)
{
	struct probe p;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&p, &l, 1);
	p.unwatches = &p;
	loop_turn(&l, 0);
	assert_int_equal(eventfd_write(p.fd, 1), 0);
	loop_turn(&l, 0);
	assert_int_equal(p.called, 1);
	probe_close(&p);
	loop_close(&l);
}

/* The stale event may call the moved watch in vain, once; it must do no worse. */
TEST(a_watch_moved_earlier_in_the_batch_keeps_working)
{
	struct probe one, two, target;
	struct loop l;

	assert_true(loop_open(&l));
	probe_open(&one, &l, 1);
	probe_open(&two, &l, 1);
	probe_open(&target, &l, 0);
	loop_unwatch(&l, &target.watch);
	one.moves = &two;
	one.moves_to = target.fd;
	loop_turn(&l, 0);
	one.moves = NULL;
	assert_int_equal(one.called, 1);
	assert_int_equal(two.watch.fd, target.fd);
	two.called = 0;
	two.fd = target.fd;
	loop_turn(&l, 0);
	assert_int_equal(two.called, 0);
	assert_int_equal(eventfd_write(target.fd, 1), 0);
	loop_turn(&l, 0);
	assert_int_equal(two.called, 1);
	probe_close(&two);
	probe_close(&one);
	loop_close(&l);
}

#define CROWD 300

static int count_called(const struct probe *crowd)
{
	int called = 0;

	for (int at = 0; at < CROWD; at++)
		called += crowd[at].called;
	return called;
}

TEST(what_does_not_fit_into_one_turn_comes_in_the_next)
{
	static struct probe crowd[CROWD];
	struct loop l;

	assert_true(loop_open(&l));
	for (int at = 0; at < CROWD; at++)
		probe_open(&crowd[at], &l, 1);
	loop_turn(&l, 0);
	assert_int_equal(count_called(crowd), 256);
	loop_turn(&l, 0);
	assert_int_equal(count_called(crowd), CROWD);
	for (int at = 0; at < CROWD; at++)
		probe_close(&crowd[at]);
	loop_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ready_file_calls_its_watch),
		cmocka_unit_test(a_closed_pipe_calls_its_watch),
		cmocka_unit_test(the_events_of_a_watch_can_be_changed),
		cmocka_unit_test(a_watch_can_move_to_another_file),
		cmocka_unit_test(a_file_closed_and_opened_under_the_same_number_is_watched_again),
		cmocka_unit_test(a_file_that_is_not_open_cannot_be_watched),
		cmocka_unit_test(unwatching_is_harmless_twice_and_after_close),
		cmocka_unit_test(a_watch_unwatched_earlier_in_the_batch_is_not_called),
		cmocka_unit_test(a_callback_may_unwatch_itself),
		cmocka_unit_test(a_watch_moved_earlier_in_the_batch_keeps_working),
		cmocka_unit_test(what_does_not_fit_into_one_turn_comes_in_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
