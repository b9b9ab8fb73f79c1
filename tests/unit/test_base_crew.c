/* SPDX-License-Identifier: PostgreSQL */
#include "base/crew.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"

#include "unit.h"

static struct crew *crew;
static struct buf heard;

static int begin(void **state)
{
	(void)state;
	crew = crew_new(3, 100);
	buf_init(&heard);
	return crew == NULL;
}

static int end(void **state)
{
	(void)state;
	crew_free(crew);
	buf_release(&heard);
	return 0;
}

/* What the worker of this number does in a process of its own. */
static void as_worker(size_t number, void (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		crew_join(crew, number);
		act();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void act_busy(void)
{
	crew_count_up(crew, CREW_USER, "ann");
	crew_count_up(crew, CREW_USER, "ann");
	crew_count_up(crew, CREW_USER, "bob");
	crew_count_down(crew, CREW_USER, "bob");
	crew_count_up(crew, CREW_USER, NULL);
	crew_count_up(crew, CREW_ADDRESS, "10.0.0.1");
	crew_say_open(crew, 2, 1);
	crew_say(crew, 1000, false, text_of("a 1\n"));
	crew_say(crew, 2000, false, text_of("a 2\n"));
	crew_say_serving(crew);
	crew_say_reloaded(crew);
}

static void act_unready(void)
{
	crew_say(crew, 2000, true, text_of("a 3\n"));
}

TEST(others_see_what_a_worker_counts)
{
	as_worker(1, act_busy);
	as_worker(2, act_busy);
	crew_join(crew, 0);
	assert_int_equal(crew_count_of_others(crew, CREW_USER, "ann"), 4);
	assert_int_equal(crew_count_of_others(crew, CREW_USER, "bob"), 0);
	assert_int_equal(crew_count_of_others(crew, CREW_ADDRESS, "10.0.0.1"), 2);
	assert_int_equal(crew_count_of_others(crew, CREW_ADDRESS, "ann"), 0);
	assert_int_equal(crew_open_at_others(crew, false), 4);
	assert_int_equal(crew_open_at_others(crew, true), 6);
}

TEST(what_a_worker_counts_itself_is_not_of_others)
{
	crew_join(crew, 0);
	act_busy();
	assert_int_equal(crew_count_of_others(crew, CREW_USER, "ann"), 0);
	assert_int_equal(crew_open_at_others(crew, true), 0);
}

static void hear(void *ctx, struct text text)
{
	buf_append(ctx, text.bytes, text.len);
}

TEST(the_last_text_of_each_other_one_is_heard)
{
	as_worker(1, act_busy);
	as_worker(2, act_unready);
	crew_join(crew, 0);
	crew_say(crew, 2000, false, text_of("own\n"));
	crew_each_text(crew, hear, &heard);
	assert_string_equal(heard.data, "a 2\na 3\n");
}

TEST(one_that_says_nothing_or_is_not_ready_is_found)
{
	bool silent = false;

	crew_join(crew, 0);
	as_worker(1, act_busy);
	assert_int_equal(crew_unready(crew, 2000, &silent), 2);
	assert_true(silent);
	as_worker(2, act_unready);
	assert_int_equal(crew_unready(crew, 2000, &silent), 2);
	assert_false(silent);
	as_worker(2, act_busy);
	assert_int_equal(crew_unready(crew, 2000 + CREW_SILENT_MS, &silent), -1);
	assert_int_equal(crew_unready(crew, 2001 + CREW_SILENT_MS, &silent), 1);
	assert_true(silent);
}

TEST(of_a_worker_that_has_ended_nothing_is_left)
{
	bool silent = false;

	as_worker(1, act_busy);
	assert_true(crew_serves(crew, 1));
	assert_int_equal(crew_reloads(crew, 1), 1);
	assert_int_equal(crew_heard_ms(crew, 1), 2000);
	crew_clear(crew, 1);
	crew_join(crew, 0);
	assert_false(crew_serves(crew, 1));
	assert_int_equal(crew_reloads(crew, 1), 0);
	assert_int_equal(crew_count_of_others(crew, CREW_USER, "ann"), 0);
	assert_int_equal(crew_open_at_others(crew, true), 0);
	assert_int_equal(crew_unready(crew, 2000, &silent), 1);
	crew_each_text(crew, hear, &heard);
	assert_string_equal(heard.data, "");
}

TEST(a_program_of_one_process_has_no_others)
{
	bool silent = false;

	crew_count_up(NULL, CREW_USER, "ann");
	crew_count_down(NULL, CREW_USER, "ann");
	crew_say_open(NULL, 1, 1);
	crew_say(NULL, 1, true, text_of(""));
	crew_say_serving(NULL);
	crew_say_reloaded(NULL);
	crew_each_text(NULL, hear, &heard);
	assert_int_equal(crew_number(NULL), 0);
	assert_int_equal(crew_size(NULL), 1);
	assert_int_equal(crew_count_of_others(NULL, CREW_USER, "ann"), 0);
	assert_int_equal(crew_open_at_others(NULL, true), 0);
	assert_int_equal(crew_unready(NULL, 1, &silent), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(others_see_what_a_worker_counts, begin, end),
		cmocka_unit_test_setup_teardown(what_a_worker_counts_itself_is_not_of_others, begin,
						end),
		cmocka_unit_test_setup_teardown(the_last_text_of_each_other_one_is_heard, begin,
						end),
		cmocka_unit_test_setup_teardown(one_that_says_nothing_or_is_not_ready_is_found,
						begin, end),
		cmocka_unit_test_setup_teardown(of_a_worker_that_has_ended_nothing_is_left, begin,
						end),
		cmocka_unit_test_setup_teardown(a_program_of_one_process_has_no_others, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
