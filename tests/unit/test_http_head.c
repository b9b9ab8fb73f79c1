/* SPDX-License-Identifier: PostgreSQL */
#include "http/head.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/target.h"

#include "unit.h"

#define HEAD(lines) "GET /a HTTP/1.1\r\nHost: a\r\n" lines "\r\n"
#define POST(lines) "POST /a HTTP/1.1\r\nHost: a\r\n" lines "\r\n"

static struct head head;

/* A copy of just this length, so that a sanitizer sees who reads on. */
static bool scan(const char *bytes, size_t len)
{
	char *copy = xmalloc(len == 0 ? 1 : len);
	bool known;

	memcpy(copy, bytes, len);
	known = head_scan(&head, copy, len);
	free(copy);
	return known;
}

static unsigned status_of_bytes(const char *bytes, size_t len)
{
	assert_true(scan(bytes, len));
	assert_true(head.status == 0 || head.why != NULL);
	return head.status;
}

static unsigned status_of(const char *text)
{
	return status_of_bytes(text, strlen(text));
}

/* What it is refused with when it is asked for as POST of something that takes a body. */
static unsigned judged(const char *text)
{
	char path[] = "/a";
	struct target target;

	if (status_of(text) == 0) {
		target_init(&target, path);
		head_judge(&head, "POST", &target, true);
		target_release(&target);
	}
	return head.status;
}

TEST(a_head_of_whole_lines_is_well)
{
	assert_int_equal(status_of(HEAD("")), 0);
	assert_int_equal(status_of("GET /a?b=c&d HTTP/1.0\r\n\r\n"), 0);
	assert_int_equal(status_of("G^T * HTTP/1.9\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(status_of(HEAD("X: a\r\nY:b\r\nZ:\t c\r\n")), 0);
	assert_int_equal(status_of(HEAD("X: a\r\n") "what follows\n"), 0);
	assert_int_equal(status_of("\r\n" HEAD("")), 0);
}

TEST(a_target_with_letters_that_are_not_percent_encoded_is_refused_with_a_sentence)
{
	static const char *const raw[] = {"/jo\xc3\xa3o", "/a?name=jo\xc3\xa3o", "/a?name=%e3%8"};

	for (size_t i = 0; i < ARRAY_SIZE(raw); i++) {
		char *text = xstrdup(raw[i]);
		struct target target;

		assert_int_equal(status_of(HEAD("")), 0);
		target_init(&target, text);
		head_judge(&head, "GET", &target, false);
		target_release(&target);
		assert_int_equal(head.status, 400);
		assert_string_equal(head.why, "The request's target is not percent-encoded well");
		free(text);
	}
}

TEST(blanks_around_a_value_are_well_and_so_are_empty_values_and_bytes_that_are_no_ascii)
{
	assert_int_equal(status_of(HEAD("X: a \r\n")), 0);
	assert_int_equal(status_of(HEAD("X: a \t \r\nY: b\r\n")), 0);
	assert_int_equal(status_of(HEAD("X:\r\nY: \r\nZ: \t \t\r\n")), 0);
	assert_int_equal(status_of(HEAD("X: \xc3\xa9\xff\r\n")), 0);
}

TEST(what_is_not_whole_is_waited_for_up_to_its_last_byte)
{
	static const char text[] = "\r\n" HEAD("X: a\r\nContent-Length: 5\r\n");

	for (size_t len = 0; len < sizeof(text) - 1; len++)
		assert_false(scan(text, len));
	assert_true(scan(text, sizeof(text) - 1));
	assert_int_equal(head.status, 0);
	assert_int_equal(head.length, 5);
}

TEST(what_can_never_be_well_is_refused_before_it_is_whole)
{
	assert_int_equal(status_of_bytes("\x16\x03\x01", 3), 400);
	assert_int_equal(status_of_bytes("\0", 1), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nX: a\x01"), 400);
	assert_int_equal(status_of("GET /a\r\n"), 400);
	assert_int_equal(status_of("\r\n\r\n"), 400);
	assert_int_equal(status_of("\n"), 400);
}

TEST(more_of_a_line_that_goes_on_is_not_read_again_with_all_that_came_before)
{
	static const char *const texts[] = {
		HEAD("A: b\r\n"),    "\r\n" HEAD("A:\tb\r\n"), "GET /a\x01 HTTP/1.1\r\n",
		HEAD("A: b\rc\r\n"), HEAD("A: b\n"),           HEAD("A b\r\n"),
		HEAD("Host: b\r\n"), "GET  HTTP/1.1\r\n\r\n"};

	for (size_t t = 0; t < ARRAY_SIZE(texts); t++) {
		struct head on = {.status = 0};
		size_t len = 0;
		bool known = false, is_known = false;

		while (!known && len < strlen(texts[t])) { /* the same verdict at the same byte */
			len++;
			known = scan(texts[t], len);
			is_known = head_scan_on(&on, texts[t], len, len - 1);
			assert_int_equal(is_known, known);
		}
		assert_true(known && on.status == head.status);
	}
	assert_false(scan("GET /a HTTP/1.1\r\nA: b", 21));
	head.fields = 77; /* whoever scans forgets this */
	assert_false(head_scan_on(&head, "GET /a HTTP/1.1\r\nA: bcdef", 25, 21));
	assert_int_equal(head.fields, 77);
	assert_false(head_scan_on(&head, "GET /a HTTP/1.1\r\nA: bcdef\r\n", 27, 25));
	assert_int_equal(head.fields, 1);
}

TEST(every_line_ends_with_cr_and_lf)
{
	assert_int_equal(status_of("GET /a HTTP/1.1\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nHost: a\n\r\n"), 400);
	assert_int_equal(status_of(HEAD("X: a\n")), 400);
	assert_int_equal(status_of(HEAD("X:\n")), 400);
	assert_int_equal(status_of(HEAD("X: a\nY: b\r\n")), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nHost: a\r\n\n"), 400);
	assert_int_equal(status_of(HEAD("X: a\rb\r\n")), 400);
	assert_int_equal(status_of(HEAD("X: a\r\r\n")), 400);
	assert_int_equal(status_of(HEAD("X: a\rContent-Length: 5\r\n")), 400);
}

TEST(every_line_is_a_name_a_colon_and_a_value)
{
	assert_int_equal(status_of("GET /a HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(status_of(HEAD("X: a\r\n b\r\n")), 400);
	assert_int_equal(status_of(HEAD("X: a\r\n\tb\r\n")), 400);
	assert_int_equal(status_of(HEAD("X\r\n")), 400);
	assert_int_equal(status_of(HEAD("X : a\r\n")), 400);
	assert_int_equal(status_of(HEAD("Content-Length\t: 5\r\n")), 400);
	assert_int_equal(status_of(HEAD("X y: a\r\n")), 400);
	assert_int_equal(status_of(HEAD(": a\r\n")), 400);
	assert_int_equal(status_of(HEAD("\xc3\xa9: a\r\n")), 400);
}

TEST(the_first_line_has_two_blanks_and_a_version_that_is_spoken)
{
	assert_int_equal(status_of("GET  /a HTTP/1.1\r\n"), 400);
	assert_int_equal(status_of("GET /a  HTTP/1.1\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1 \r\n"), 400);
	assert_int_equal(status_of("GET /a b HTTP/1.1\r\n"), 400);
	assert_int_equal(status_of("GET /a http/1.1\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/11\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.x\r\n"), 400);
	assert_int_equal(status_of(" /a HTTP/1.1\r\n"), 400);
	assert_int_equal(status_of("GET HTTP/1.1\r\n"), 400);
	assert_int_equal(status_of("PRI * HTTP/2.0\r\n"), 505);
	assert_int_equal(status_of("GET /a HTTP/0.9\r\n"), 505);
}

TEST(there_is_one_way_to_say_where_a_body_ends)
{
	assert_int_equal(status_of(HEAD("Content-Length: 0\r\nContent-Length: 0\r\n")), 400);
	assert_int_equal(status_of(HEAD("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n")),
			 400);
	assert_int_equal(
		status_of(HEAD("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")),
		400);
	assert_int_equal(status_of("GET /a HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
	assert_int_equal(status_of(HEAD("Transfer-Encoding: Chunked \r\n")), 0);
	assert_int_equal(judged(POST("Transfer-Encoding: chunked\r\n")), 411);
	assert_int_equal(status_of(HEAD("Transfer-Encoding: gzip, chunked\r\n")), 501);
	assert_int_equal(status_of(HEAD("Transfer-Encoding:\r\n")), 501);
}

TEST(a_length_is_digits_and_counts_no_further_than_programs_do)
{
	static const char *const bad[] = {"", "+5", "-1", "0x5", "5a", "5, 5", "5 5", "5 "};
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), POST("Content-Length: %s\r\n"), bad[i]);
		assert_int_equal(status_of(text), 400);
	}
	assert_int_equal(status_of(POST("Content-Length: 999999999999999999\r\n")), 0);
	assert_int_equal(head.length, 999999999999999999);
	assert_int_equal(status_of(POST("Content-Length: 1000000000000000000\r\n")), 413);
	assert_int_equal(status_of(POST("Content-Length: 00000000000000000000000007\r\n")), 0);
	assert_int_equal(head.length, 7);
	assert_true(head.has_body);
	assert_int_equal(status_of(POST("Content-Length: 0\r\n")), 0);
	assert_false(head.has_body);
}

TEST(there_is_one_host)
{
	assert_int_equal(status_of("GET /a HTTP/1.1\r\n\r\n"), 400);
	assert_int_equal(status_of(HEAD("Host: a\r\n")), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nHost:\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nHost: a b\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nHost: a@b\r\n\r\n"), 400);
	assert_int_equal(status_of("GET /a HTTP/1.1\r\nhost:[::1]:80 \r\n\r\n"), 0);
	assert_int_equal(status_of("GET /a HTTP/1.0\r\n\r\n"), 0);
}

static unsigned status_of_fields(size_t count)
{
	struct buf text;
	unsigned status;

	buf_init(&text);
	buf_append_str(&text, "GET /a HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 1; i < count; i++)
		buf_append_str(&text, "X:\r\n");
	buf_append_str(&text, "\r\n");
	status = status_of_bytes(text.data, text.len);
	buf_release(&text);
	return status;
}

TEST(there_are_at_most_100_fields)
{
	assert_int_equal(status_of_fields(100), 0);
	assert_int_equal(status_of_fields(101), 431);
	assert_int_equal(status_of_fields(5000), 431);
}

static unsigned status_of_cookies(size_t fields, size_t each, const char *cookie)
{
	struct buf text;
	unsigned status;

	buf_init(&text);
	buf_append_str(&text, "GET /a HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 0; i < fields; i++) {
		buf_append_str(&text, "Cookie: a=b");
		for (size_t n = 1; n < each; n++)
			buf_append_str(&text, cookie);
		buf_append_str(&text, "\r\n");
	}
	buf_append_str(&text, "\r\n");
	status = status_of_bytes(text.data, text.len);
	buf_release(&text);
	return status;
}

TEST(there_are_at_most_500_cookies_however_they_are_parted)
{
	assert_int_equal(status_of_cookies(1, 500, "; c=d"), 0);
	assert_true(head.large);
	assert_int_equal(status_of_cookies(1, 501, "; c=d"), 431);
	assert_int_equal(status_of_cookies(1, 500, ";"), 0);
	assert_int_equal(status_of_cookies(1, 501, ";"), 431);
	assert_int_equal(status_of_cookies(1, 501, ","), 431);
	assert_int_equal(status_of_cookies(50, 10, "; c=d"), 0);
	assert_int_equal(status_of_cookies(50, 11, "; c=d"), 431);
	assert_int_equal(status_of_cookies(1, 20, "; c=d"), 0);
	assert_false(head.large);
}

/* Of a head that is of this size: what grows is its target, or a value. */
static unsigned status_of_size(const char *before, size_t size, const char *after)
{
	char *text = xmalloc(size);
	unsigned status;

	memset(text, 'x', size);
	memcpy(text, before, strlen(before));
	memcpy(text + size - strlen(after), after, strlen(after));
	status = scan(text, size) ? head.status : 1;
	free(text);
	return status;
}

TEST(a_head_has_32_kilobytes_whatever_fills_them)
{
	assert_int_equal(status_of_size("GET /a HTTP/1.1\r\nHost: a\r\nX: ", HEAD_MAX, "\r\n\r\n"),
			 0);
	assert_true(head.large);
	assert_int_equal(
		status_of_size("GET /a HTTP/1.1\r\nHost: a\r\nX: ", HEAD_MEMORY / 2, "\r\n\r\n"),
		0);
	assert_false(head.large);
	assert_int_equal(status_of_size("GET /a HTTP/1.1\r\nHost: a\r\nX: ", HEAD_MAX + 2, ""),
			 431);
	assert_int_equal(status_of_size("GET /a HTTP/1.1\r\n", HEAD_MAX + 2, ""), 431);
	assert_int_equal(status_of_size("GET /", HEAD_MAX, " HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
	assert_int_equal(status_of_size("GET /", HEAD_MAX + 2, ""), 414);
	assert_int_equal(status_of_size("\r\nGET /", HEAD_MAX + 2, ""), 414);
	assert_int_equal(status_of_size("GET /", HEAD_MAX + 1, ""), 1);
}

TEST(a_body_is_json_that_is_not_packed)
{
	static const char *const good[] = {"application/json", "Application/JSON;charset=UTF-8",
					   "application/json; charset=\"utf-8\"",
					   "application/json ; a=b"};
	static const char *const bad[] = {"text/plain",
					  "application/jsonx",
					  "application/json; charset=utf-16",
					  "application/json;charset=",
					  "",
					  ";"};
	char text[200];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(text, sizeof(text), POST("Content-Length: 2\r\nContent-Type: %s\r\n"),
			 good[i]);
		assert_int_equal(judged(text), 0);
		assert_int_equal(head.body_len, 2);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(text, sizeof(text), POST("Content-Length: 2\r\nContent-Type: %s\r\n"),
			 bad[i]);
		assert_int_equal(judged(text), 415);
		assert_int_equal(head.body_len, 0);
	}
	assert_int_equal(judged(POST("Content-Length: 2\r\n")), 415);
	assert_int_equal(judged(POST("Content-Length: 2\r\nContent-Type: "
				     "application/json\r\nContent-Encoding: gzip\r\n")),
			 415);
	assert_int_equal(
		judged(POST("Content-Length: 65537\r\nContent-Type: application/json\r\n")), 413);
	assert_int_equal(judged(POST("")), 0);
}

TEST(what_is_said_twice_is_refused)
{
	assert_int_equal(judged(POST("Authorization: a\r\nauthorization: a\r\n")), 400);
	assert_int_equal(
		judged(POST(
			"Content-Type: application/json\r\nContent-Type: application/json\r\n")),
		400);
	assert_int_equal(judged(POST("Expect: 200-ok\r\n")), 417);
	assert_int_equal(judged(POST("Expect: 100-Continue\r\n")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_of_whole_lines_is_well),
		cmocka_unit_test(
			a_target_with_letters_that_are_not_percent_encoded_is_refused_with_a_sentence),
		cmocka_unit_test(
			blanks_around_a_value_are_well_and_so_are_empty_values_and_bytes_that_are_no_ascii),
		cmocka_unit_test(what_is_not_whole_is_waited_for_up_to_its_last_byte),
		cmocka_unit_test(what_can_never_be_well_is_refused_before_it_is_whole),
		cmocka_unit_test(
			more_of_a_line_that_goes_on_is_not_read_again_with_all_that_came_before),
		cmocka_unit_test(every_line_ends_with_cr_and_lf),
		cmocka_unit_test(every_line_is_a_name_a_colon_and_a_value),
		cmocka_unit_test(the_first_line_has_two_blanks_and_a_version_that_is_spoken),
		cmocka_unit_test(there_is_one_way_to_say_where_a_body_ends),
		cmocka_unit_test(a_length_is_digits_and_counts_no_further_than_programs_do),
		cmocka_unit_test(there_is_one_host),
		cmocka_unit_test(there_are_at_most_100_fields),
		cmocka_unit_test(there_are_at_most_500_cookies_however_they_are_parted),
		cmocka_unit_test(a_head_has_32_kilobytes_whatever_fills_them),
		cmocka_unit_test(a_body_is_json_that_is_not_packed),
		cmocka_unit_test(what_is_said_twice_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
