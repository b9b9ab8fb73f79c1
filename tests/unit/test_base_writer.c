/* SPDX-License-Identifier: PostgreSQL */
#include "base/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#define PATIENCE_MS 20000

static int ends[2]; /* what the writer has is ends[1] */
static struct writer *writer;
static char got[1 << 20];
static size_t got_len;

static void tell(struct buf *line, uint64_t lost)
{
	buf_appendf(line, "lost %llu\n", (unsigned long long)lost);
}

static void begin_with(int (*make)(int[2]))
{
	signal(SIGPIPE, SIG_IGN);
	got_len = 0;
	assert_int_equal(make(ends), 0);
	writer = writer_open(ends[1], tell);
	assert_non_null(writer);
}

static void begin(void)
{
	begin_with(pipe);
}

static void end(void)
{
	close(ends[0]);
	assert_true(writer_close(writer, PATIENCE_MS));
	close(ends[1]);
}

static void put(const char *line)
{
	writer_put(writer, line, strlen(line));
}

static void read_more(void)
{
	struct pollfd p = {.fd = ends[0], .events = POLLIN};
	ssize_t n;

	assert_int_equal(poll(&p, 1, PATIENCE_MS), 1);
	n = read(ends[0], got + got_len, sizeof(got) - 1 - got_len);
	assert_true(n > 0);
	got_len += (size_t)n;
	got[got_len] = '\0';
}

/* What was read is in got. */
static void read_until(const char *text)
{
	while (strstr(got, text) == NULL)
		read_more();
}

static void wait_for_dropped(uint64_t least)
{
	for (int tries = 0; writer_dropped(writer) < least; tries++) {
		assert_true(tries < PATIENCE_MS);
		usleep(1000);
	}
}

static void put_number(int number)
{
	char line[1001];

	memset(line, '.', sizeof(line));
	snprintf(line, sizeof(line), "%d", number);
	line[strlen(line)] = ' ';
	line[sizeof(line) - 2] = '\n';
	writer_put(writer, line, sizeof(line) - 1);
}

/* Lines with their numbers, until some are dropped and more. Returns how many were put. */
static int put_too_much(void)
{
	int count = 0;

	while (writer_dropped(writer) < 10) {
		put_number(count++);
		assert_true(count < 10000);
	}
	return count;
}

/* The numbers that were read rise by one, but for gaps, where a line says how wide it is. The next
 * one: */
static int next_number(void)
{
	int next = 0;

	for (char *at = got, *line_end; (line_end = strchr(at, '\n')) != NULL; at = line_end + 1) {
		if (strncmp(at, "lost ", 5) == 0)
			next += atoi(at + 5);
		else
			assert_int_equal(atoi(at), next++);
	}
	return next;
}

static void read_numbers(int count)
{
	while (next_number() < count)
		read_more();
	assert_int_equal(next_number(), count);
}

static void assert_full_is_dropped_and_told(int (*make)(int[2]))
{
	int count;

	got[0] = '\0';
	begin_with(make);
	count = put_too_much();
	read_numbers(count);
	put_number(count);
	read_numbers(count + 1);
	assert_int_equal(writer_dropped(writer), 10);
	assert_non_null(strstr(got, "lost "));
	end();
}

static int socket_pair(int pair[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int pipe_that_does_not_block(int pair[2])
{
	return pipe(pair) == 0 && fcntl(pair[1], F_SETFL, O_NONBLOCK) == 0 ? 0 : -1;
}

TEST(lines_come_as_they_were_put)
{
	got[0] = '\0';
	begin();
	put("one\n");
	put("two\n");
	read_until("two\n");
	assert_string_equal(got, "one\ntwo\n");
	end();
}

TEST(what_a_full_pipe_does_not_take_is_dropped_and_told_in_its_place)
{
	assert_full_is_dropped_and_told(pipe);
}

TEST(what_a_full_socket_does_not_take_is_dropped_and_told_in_its_place)
{
	assert_full_is_dropped_and_told(socket_pair);
}

TEST(a_file_that_others_made_one_that_does_not_block_loses_no_line)
{
	assert_full_is_dropped_and_told(pipe_that_does_not_block);
}

TEST(a_reader_that_has_gone_costs_lines_only)
{
	begin();
	close(ends[0]);
	put("one\n");
	put("two\n");
	wait_for_dropped(2);
	assert_int_equal(writer_dropped(writer), 2);
	assert_true(writer_close(writer, PATIENCE_MS));
	close(ends[1]);
}

TEST(what_failed_is_told_when_the_file_takes_lines_again)
{
	got[0] = '\0';
	begin();
	/* the pipe changes places with a full disk, under the same number */
	int kept = dup(ends[1]), full = open("/dev/full", O_WRONLY);

	dup2(full, ends[1]);
	put("one\n");
	put("two\n");
	wait_for_dropped(2);
	dup2(kept, ends[1]);
	put("three\n");
	read_until("three\n");
	assert_string_equal(got, "lost 2\nthree\n");
	close(kept);
	close(full);
	end();
}

TEST(a_file_that_hangs_is_given_up_and_gets_its_lines_when_it_goes_on)
{
	int count;

	got[0] = '\0';
	begin();
	count = put_too_much();
	assert_false(writer_close(writer, 10));
	read_numbers(count);
	usleep(20000); /* a thread that was to end has ended */
	put_number(count);
	read_numbers(count + 1);
	assert_true(writer_close(writer, PATIENCE_MS));
	close(ends[0]);
	close(ends[1]);
}

/* Stands for a thread that the processor does not get to. */
static void tell_slowly(struct buf *line, uint64_t lost)
{
	usleep(50000);
	tell(line, lost);
}

TEST(a_thread_that_comes_late_is_waited_for_while_the_file_has_room)
{
	got[0] = '\0';
	begin();
	pthread_mutex_lock(&writer->lock);
	writer->tell = tell_slowly;
	writer->lost = 1; /* the next line has to tell of it */
	pthread_mutex_unlock(&writer->lock);
	put("last\n");
	assert_true(writer_close(writer, 10));
	read_until("last\n");
	assert_string_equal(got, "lost 1\nlast\n");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_come_as_they_were_put),
		cmocka_unit_test(what_a_full_pipe_does_not_take_is_dropped_and_told_in_its_place),
		cmocka_unit_test(what_a_full_socket_does_not_take_is_dropped_and_told_in_its_place),
		cmocka_unit_test(a_file_that_others_made_one_that_does_not_block_loses_no_line),
		cmocka_unit_test(a_reader_that_has_gone_costs_lines_only),
		cmocka_unit_test(what_failed_is_told_when_the_file_takes_lines_again),
		cmocka_unit_test(a_file_that_hangs_is_given_up_and_gets_its_lines_when_it_goes_on),
		cmocka_unit_test(a_thread_that_comes_late_is_waited_for_while_the_file_has_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
