/* SPDX-License-Identifier: PostgreSQL */
/*
 * The proof of a head, without the library's own strictness: started to take as much as it can, it must still hide nothing. Nobody could see
 * what it makes blanks of in that mode (NULs, and since 1.0 folded lines), or a NUL (a tab after the method, a blank before a bare LF). As
 * the daemon starts it, it refuses these: 25-framing.
 */
#include "http/head.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "http/request.h"

#include "unit.h"

static struct MHD_Daemon *library;
static struct target target;
static struct head head;
static bool seen;

static void *on_target(void *ctx, const char *raw, struct MHD_Connection *connection)
{
	(void)ctx, (void)connection;
	target_release(&target);
	target_init(&target, (char *)(uintptr_t)raw);
	return NULL;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	struct request r;

	(void)ctx, (void)upload, (void)upload_size, (void)state;
	request_init(&r, connection, url, method, version, &target);
	head_read(&head, &r, true);
	seen = true;
	return MHD_NO;
}

static void ignore_log(void *ctx, const char *fmt, va_list args)
{
	(void)ctx, (void)fmt, (void)args;
}

static int start(void **state)
{
	(void)state;
	library = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_USE_TURBO | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request, NULL,
				   MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL, MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
				   MHD_OPTION_STRICT_FOR_CLIENT, -1, MHD_OPTION_END);
	return library == NULL ? -1 : 0;
}

static int end(void **state)
{
	(void)state;
	MHD_stop_daemon(library);
	target_release(&target);
	return 0;
}

/* What head_read says of it; 400 where the library does not come so far. */
static unsigned status_of_bytes(const char *bytes, size_t len)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ends[2];

	seen = false;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(send(ends[0], bytes, len, 0), len);
	assert_int_equal(MHD_add_connection(library, ends[1], (struct sockaddr *)&address, sizeof(address)), MHD_YES);
	for (int turn = 0; turn < 8; turn++)
		MHD_run(library);
	close(ends[0]);
	MHD_run(library);
	return seen ? head.status : 400;
}

static unsigned status_of(const char *text)
{
	return status_of_bytes(text, strlen(text));
}

#define HEAD(lines) "GET /a HTTP/1.1\r\nHost: a\r\n" lines "\r\n"

TEST(a_head_of_whole_lines_is_well)
{
	assert_int_equal(status_of(HEAD("")), 0);
	assert_true(seen);
	assert_int_equal(status_of("GET /a?b=c&d HTTP/1.0\r\n\r\n"), 0);
	assert_int_equal(status_of(HEAD("X: a\r\nY:b\r\nZ:\t c\r\n")), 0);
	assert_int_equal(status_of(HEAD("X: a\r\n") "what follows"), 0);
	assert_true(seen);
}

TEST(blanks_around_a_value_are_well_and_so_are_empty_values)
{
	assert_int_equal(status_of(HEAD("X: a \r\n")), 0);
	assert_int_equal(status_of(HEAD("X: a \t \r\nY: b\r\n")), 0);
	assert_int_equal(status_of(HEAD("X:\r\nY: \r\nZ: \t \t\r\n")), 0);
	assert_int_equal(status_of(HEAD("X: a  b \t c\t\r\n")), 0);
	assert_true(seen);
}

TEST(a_line_that_ends_without_cr_is_found)
{
	assert_int_equal(status_of("GET /a HTTP/1.1\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nHost: a\n\r\n"), 400);
	assert_int_equal(status_of(HEAD("X: a\n")), 400);
	assert_int_equal(status_of(HEAD("X:\n")), 400);
	assert_int_equal(status_of(HEAD("X: a\nY: b\r\n")), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nHost: a\r\n\n"), 400);
}

TEST(a_line_that_the_library_leaves_out_is_found)
{
	assert_int_equal(status_of("GET /a HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\n X: a\r\n\tb\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of(HEAD("X\r\n")), 400);
	assert_int_equal(status_of(HEAD("X\r\nY: b\r\n")), 400);
}

TEST(what_stands_between_a_name_and_its_colon_is_found)
{
	assert_int_equal(status_of(HEAD("X : a\r\n")), 400);
	assert_int_equal(status_of(HEAD("Content-Length\t: 5\r\n")), 400);
	assert_int_equal(status_of(HEAD("X y: a\r\n")), 400);
	assert_int_equal(status_of(HEAD(": a\r\n")), 400);
}

TEST(a_cr_alone_is_found)
{
	assert_int_equal(status_of(HEAD("X: a\rb\r\n")), 400);
	assert_int_equal(status_of(HEAD("X: a\r\r\n")), 400);
	assert_int_equal(status_of(HEAD("X: a\rContent-Length: 5\r\n")), 400);
}

TEST(more_blanks_in_the_first_line_are_found)
{
	assert_int_equal(status_of("GET  /a HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a  HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1 \r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
}

TEST(two_ways_to_say_where_a_body_ends_are_found)
{
	assert_int_equal(status_of(HEAD("Content-Length: 0\r\nContent-Length: 0\r\n")), 400);
	assert_int_equal(status_of(HEAD("Content-Length: 0\r\nContent-Length: 5\r\n")), 400);
	assert_int_equal(status_of(HEAD("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")), 400);
	assert_int_equal(status_of(HEAD("Transfer-Encoding: chunked\r\n")), 400);
	assert_int_equal(status_of(HEAD("Host: b\r\n")), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_of_whole_lines_is_well),
		cmocka_unit_test(blanks_around_a_value_are_well_and_so_are_empty_values),
		cmocka_unit_test(a_line_that_ends_without_cr_is_found),
		cmocka_unit_test(a_line_that_the_library_leaves_out_is_found),
		cmocka_unit_test(what_stands_between_a_name_and_its_colon_is_found),
		cmocka_unit_test(a_cr_alone_is_found),
		cmocka_unit_test(more_blanks_in_the_first_line_are_found),
		cmocka_unit_test(two_ways_to_say_where_a_body_ends_are_found),
	};

	return cmocka_run_group_tests(tests, start, end);
}
