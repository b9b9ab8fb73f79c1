/* SPDX-License-Identifier: PostgreSQL */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define STAMP_LEN 24 /* 2026-11-22T10:00:00.123Z */

/* Standard error goes to a file in memory between capture_start and capture_stop. */
static int real_stderr, capture_fd;
static char captured[64 * 1024];

static void capture_start(void)
{
	fflush(stderr);
	real_stderr = dup(STDERR_FILENO);
	capture_fd = memfd_create("stderr", MFD_CLOEXEC);
	assert_int_not_equal(capture_fd, -1);
	assert_int_equal(dup2(capture_fd, STDERR_FILENO), STDERR_FILENO);
}

static void capture_stop(void)
{
	ssize_t len = pread(capture_fd, captured, sizeof(captured) - 1, 0);

	dup2(real_stderr, STDERR_FILENO);
	close(real_stderr);
	close(capture_fd);
	assert_within(len, 0, sizeof(captured) - 1);
	captured[len] = '\0';
}

/* What this message becomes as an info line; captured holds it. */
static void capture_line(bool json, const char *message)
{
	log_setup(LOG_INFO, json);
	capture_start();
	log_info("%s", message);
	capture_stop();
}

static void assert_text(const char *message, const char *expected)
{
	char line[256];

	capture_line(false, message);
	snprintf(line, sizeof(line), " info  %s\n", expected);
	assert_string_equal(captured + STAMP_LEN, line);
}

static void assert_json(const char *message, const char *expected)
{
	char rest[256];

	capture_line(true, message);
	assert_memory_equal(captured, "{\"time\":\"", 9);
	snprintf(rest, sizeof(rest), "\",\"level\":\"info\",\"message\":\"%s\"}\n", expected);
	assert_string_equal(captured + 9 + STAMP_LEN, rest);
}

TEST(a_text_line_is_time_level_and_message)
{
	assert_text("listening on 'localhost'", "listening on 'localhost'");
}

TEST(the_time_is_utc_with_milliseconds)
{
	struct tm tm = {0};
	struct timespec now; /* time() lags behind by up to a tick of the kernel */
	char *rest;
	int ms;

	setenv("TZ", "Asia/Tokyo", 1);
	tzset();
	capture_line(false, "now");
	rest = strptime(captured, "%Y-%m-%dT%H:%M:%S", &tm);
	assert_non_null(rest);
	assert_int_equal(sscanf(rest, ".%3dZ", &ms), 1);
	assert_memory_equal(rest + 4, "Z ", 2);
	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	assert_within(now.tv_sec - timegm(&tm), 0, 60);
	unsetenv("TZ");
	tzset();
}

TEST(levels_are_named_in_one_column)
{
	log_setup(LOG_DEBUG, false);
	capture_start();
	log_error("a%d", 1);
	log_warn("b%d", 2);
	log_info("c%d", 3);
	log_debug("d%d", 4);
	capture_stop();
	assert_non_null(strstr(captured, "Z error a1\n"));
	assert_non_null(strstr(captured, "Z warn  b2\n"));
	assert_non_null(strstr(captured, "Z info  c3\n"));
	assert_non_null(strstr(captured, "Z debug d4\n"));
}

TEST(messages_above_the_level_are_not_written)
{
	log_setup(LOG_WARN, false);
	capture_start();
	log_info("hidden");
	log_debug("hidden");
	log_warn("shown");
	capture_stop();
	assert_null(strstr(captured, "hidden"));
	assert_non_null(strstr(captured, "shown"));
	assert_true(log_enabled(LOG_ERROR));
	assert_true(log_enabled(LOG_WARN));
	assert_false(log_enabled(LOG_INFO));
}

TEST(level_names_are_parsed_and_others_refused)
{
	enum log_level level = LOG_ERROR;

	assert_true(log_level_parse("debug", &level));
	assert_int_equal(level, LOG_DEBUG);
	assert_true(log_level_parse("error", &level));
	assert_int_equal(level, LOG_ERROR);
	assert_true(log_level_parse("warn", &level));
	assert_int_equal(level, LOG_WARN);
	assert_false(log_level_parse("warning", &level));
	assert_false(log_level_parse("INFO", &level));
	assert_false(log_level_parse("", &level));
	assert_int_equal(level, LOG_WARN);
}

TEST(a_line_break_cannot_forge_a_text_line)
{
	assert_text("x\n2026-11-22T10:00:00.123Z error all is lost",
		    "x\\x0a2026-11-22T10:00:00.123Z error all is lost");
	assert_text("x\r\ny", "x\\x0d\\x0ay");
}

TEST(terminals_get_no_control_characters)
{
	assert_text("\x1b[2J\x7f\a\t", "\\x1b[2J\\x7f\\x07\\x09");
	assert_text("\xc2\x9b"
		    "2J",
		    "\\xc2\\x9b2J");
	assert_text("\x9b"
		    "2J",
		    "\\x9b2J");
}

TEST(text_keeps_utf8_and_escapes_what_is_none)
{
	assert_text("Zürich \u00a0 \u20ac \U0001f600", "Zürich \u00a0 \u20ac \U0001f600");
	assert_text("\xff\xc3(", "\\xff\\xc3(");
	assert_text("cut \xe2\x82", "cut \\xe2\\x82");
}

TEST(a_json_line_is_one_object)
{
	assert_json("it's up", "it's up");
}

TEST(quotes_and_line_breaks_cannot_forge_a_json_line)
{
	assert_json("\",\"level\":\"error", "\\\",\\\"level\\\":\\\"error");
	assert_json("\\\"", "\\\\\\\"");
	assert_json("a\n{}\r\x1f\x7f", "a\\u000a{}\\u000d\\u001f\\u007f");
}

TEST(json_keeps_utf8_and_escapes_what_is_none)
{
	assert_json("Zürich \u20ac \U0001f600", "Zürich \u20ac \U0001f600");
	assert_json("\xff\xc3(", "\\u00ff\\u00c3(");
	assert_json("cut \xf0\x9f\x98", "cut \\u00f0\\u009f\\u0098");
}

/* A decoder that is strict must accept every line: no long forms, no surrogates, no high planes. */
TEST(json_escapes_utf8_in_forbidden_forms)
{
	assert_json("\xc0\xaf", "\\u00c0\\u00af");
	assert_json("\xe0\x80\xaf", "\\u00e0\\u0080\\u00af");
	assert_json("\xed\xa0\x80", "\\u00ed\\u00a0\\u0080");
	assert_json("\xf0\x80\x80\xaf", "\\u00f0\\u0080\\u0080\\u00af");
	assert_json("\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080");
	assert_json("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80");
	assert_json("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}

TEST(a_record_has_fields_in_json_and_a_sentence_in_text)
{
	static const struct log_field fields[] = {{"number", NULL, -7}, {"user", "a\"\n", 0}};

	log_setup(LOG_INFO, true);
	capture_start();
	log_record(LOG_INFO, "closed", fields, 2, "[%d] closed", 7);
	log_record(LOG_DEBUG, "closed", fields, 2, "[%d] closed", 7);
	capture_stop();
	assert_string_equal(captured + 9 + STAMP_LEN,
			    "\",\"level\":\"info\",\"message\":\"closed\",\"number\":-7,"
			    "\"user\":\"a\\\"\\u000a\"}\n");
	log_setup(LOG_INFO, false);
	capture_start();
	log_record(LOG_INFO, "closed", fields, 2, "[%d] closed", 7);
	capture_stop();
	assert_string_equal(captured + STAMP_LEN, " info  [7] closed\n");
}

/* JOURNAL_STREAM names the file that stderr is, or another one. */
static void say_to_journal(ino_t apart)
{
	char stream[64];
	struct stat st;

	log_setup(LOG_DEBUG, false);
	capture_start();
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
		 (unsigned long long)(st.st_ino + apart));
	setenv("JOURNAL_STREAM", stream, 1);
	log_detach();
	log_error("a");
	log_warn("b");
	log_info("c");
	log_debug("d");
	log_flush();
	unsetenv("JOURNAL_STREAM");
	log_detach(); /* forgets the journal */
	log_flush();
	capture_stop();
}

TEST(the_journal_is_told_how_severe_each_line_is)
{
	static const char *const lines[] = {"<3>2", "\n<4>2", "\n<6>2", "\n<7>2"};

	say_to_journal(0);
	for (size_t i = 0; i < 4; i++)
		assert_non_null(strstr(captured, lines[i]));
	say_to_journal(1);
	assert_null(strchr(captured, '<'));
}

TEST(a_long_message_is_cut_and_marked)
{
	char message[9000];

	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	capture_line(false, message);
	assert_int_equal(strlen(captured), STAMP_LEN + 7 + 4096 + 3 + 1);
	assert_string_equal(captured + strlen(captured) - 5, "x...\n");
	message[4096] = '\0';
	capture_line(false, message);
	assert_int_equal(strlen(captured), STAMP_LEN + 7 + 4096 + 1);
	assert_string_equal(captured + strlen(captured) - 2, "x\n");
}

TEST(errno_is_left_as_it_was)
{
	log_setup(LOG_INFO, false);
	capture_start();
	close(STDERR_FILENO); /* makes the write fail */
	errno = ENOENT;
	log_info("lost");
	assert_int_equal(errno, ENOENT);
	capture_stop();
	assert_string_equal(captured, "");
}

TEST(a_line_is_one_write)
{
	char packet[1024];
	int ends[2];
	int saved;

	/* a packet pipe keeps writes apart: one read gives one write */
	assert_int_equal(pipe2(ends, O_DIRECT | O_NONBLOCK), 0);
	saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	log_setup(LOG_INFO, true);
	log_info("'%s' \"%s\" \n", "one", "two");
	dup2(saved, STDERR_FILENO);
	close(saved);
	assert_true(read(ends[0], packet, sizeof(packet)) > 0);
	assert_non_null(strchr(packet, '\n'));
	assert_int_equal(read(ends[0], packet, sizeof(packet)), -1);
	close(ends[0]);
	close(ends[1]);
}

TEST(die_logs_an_error_and_exits_with_the_status)
{
	pid_t child;
	int status;

	log_setup(LOG_ERROR, false);
	capture_start();
	child = fork();
	if (child == 0)
		die(78, "no such option '%s'", "prot");
	assert_int_equal(waitpid(child, &status, 0), child);
	capture_stop();
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 78);
	assert_string_equal(captured + STAMP_LEN, " error no such option 'prot'\n");
}

/* In a child whose stderr is this; returns the signal that ended it. */
static int abort_after_lines(int fd, int count)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		dup2(fd, STDERR_FILENO);
		log_setup(LOG_INFO, false);
		log_detach();
		for (int n = 0; n < count; n++)
			log_info("line %d", n);
		abort();
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST(what_was_logged_before_an_abort_is_written)
{
	capture_start();
	assert_int_equal(abort_after_lines(capture_fd, 100), SIGABRT);
	capture_stop();
	assert_non_null(strstr(captured, " line 0\n"));
	assert_non_null(strstr(captured, " line 99\n"));
}

TEST(an_abort_does_not_wait_for_a_reader_that_does_not_read)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(abort_after_lines(ends[1], 10000), SIGABRT);
	close(ends[0]);
	close(ends[1]);
}

/* With the sanitizers a child that lost memory, or that hangs in the allocator, does not exit with
 * 0. */
static void fork_often(void)
{
	int status;
	pid_t pid;

	log_setup(LOG_INFO, false);
	log_detach();
	for (int n = 0; n < 20; n++) {
		log_info("parent %d", n);
		pid = log_fork();
		if (pid == 0) {
			log_info("child %d", n);
			log_flush();
			exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			_exit(1);
	}
	log_flush();
	_exit(0);
}

TEST(after_a_fork_both_have_a_log_and_each_line_is_written_once)
{
	int lines = 0, status;
	pid_t pid;

	capture_start();
	pid = fork();
	if (pid == 0) {
		dup2(capture_fd, STDERR_FILENO);
		fork_often();
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	capture_stop();
	assert_int_equal(status, 0);
	for (const char *at = captured; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 40);
	assert_non_null(strstr(captured, "parent 19\n"));
	assert_non_null(strstr(captured, "child 19\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_line_is_time_level_and_message),
		cmocka_unit_test(the_time_is_utc_with_milliseconds),
		cmocka_unit_test(levels_are_named_in_one_column),
		cmocka_unit_test(messages_above_the_level_are_not_written),
		cmocka_unit_test(level_names_are_parsed_and_others_refused),
		cmocka_unit_test(a_line_break_cannot_forge_a_text_line),
		cmocka_unit_test(terminals_get_no_control_characters),
		cmocka_unit_test(text_keeps_utf8_and_escapes_what_is_none),
		cmocka_unit_test(a_json_line_is_one_object),
		cmocka_unit_test(quotes_and_line_breaks_cannot_forge_a_json_line),
		cmocka_unit_test(json_keeps_utf8_and_escapes_what_is_none),
		cmocka_unit_test(json_escapes_utf8_in_forbidden_forms),
		cmocka_unit_test(a_record_has_fields_in_json_and_a_sentence_in_text),
		cmocka_unit_test(the_journal_is_told_how_severe_each_line_is),
		cmocka_unit_test(a_long_message_is_cut_and_marked),
		cmocka_unit_test(errno_is_left_as_it_was),
		cmocka_unit_test(a_line_is_one_write),
		cmocka_unit_test(die_logs_an_error_and_exits_with_the_status),
		cmocka_unit_test(what_was_logged_before_an_abort_is_written),
		cmocka_unit_test(an_abort_does_not_wait_for_a_reader_that_does_not_read),
		cmocka_unit_test(after_a_fork_both_have_a_log_and_each_line_is_written_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
