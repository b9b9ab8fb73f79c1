/* SPDX-License-Identifier: PostgreSQL */
#include "http/proxyhead.h"

#include <string.h>

#include "base/base.h"
#include "http/proxies.h"

#include "unit.h"

#define REST "GET / HTTP/1.1\r\n"
#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static char address_text[PROXIES_ADDRESS_MAX];
static size_t head_len;

static enum proxyhead read_head(const char *bytes, size_t len)
{
	struct sockaddr_storage address = {.ss_family = AF_UNIX};
	socklen_t address_len = 2;
	enum proxyhead is;

	head_len = 0;
	is = proxyhead_read(bytes, len, &head_len, &address, &address_len);
	proxies_print((const struct sockaddr *)&address, address_text);
	return is;
}

/* Each shorter beginning wants more. What follows does not matter. */
static void assert_good(const char *bytes, size_t len, const char *address)
{
	char more[600];

	for (size_t i = 1; i < len; i++)
		assert_int_equal(read_head(bytes, i), PROXYHEAD_MORE);
	assert_true(len + sizeof(REST) <= sizeof(more));
	memcpy(more, bytes, len);
	memcpy(more + len, REST, sizeof(REST));
	assert_int_equal(read_head(more, len + sizeof(REST) - 1), PROXYHEAD_GOOD);
	assert_int_equal(head_len, len);
	assert_string_equal(address_text, address);
}
#define ASSERT_GOOD(literal, address) assert_good(literal, sizeof(literal) - 1, address)
#define ASSERT_IS(literal, is) assert_int_equal(read_head(literal, sizeof(literal) - 1), is)

TEST(a_line_names_the_client)
{
	ASSERT_GOOD("PROXY TCP4 198.51.100.1 10.0.0.1 4711 443\r\n", "198.51.100.1");
	ASSERT_GOOD("PROXY TCP6 2001:db8::7 fd00::1 4711 443\r\n", "2001:db8::7");
	ASSERT_GOOD("PROXY UNKNOWN\r\n", "unix");
	ASSERT_GOOD("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "unix");
	ASSERT_GOOD("PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(a_line_that_says_something_else_is_none)
{
	ASSERT_IS("PROXY TCP4 198.51.100.1 10.0.0.1 4711 443\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY TCP4 198.51.100.1 10.0.0.1 4711\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY TCP4 2001:db8::7 10.0.0.1 4711 443\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY TCP4 198.51.100.1 10.0.0.1 70000 443\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY TCP4 198.51.100.1 10.0.0.1 4711 443 x\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY TCP4 198.51.100.1\0 10.0.0.1 4711 443\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY UDP4 198.51.100.1 10.0.0.1 4711 443\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY UNKNOWNS\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY /x HTTP/1.1\r\n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY \n", PROXYHEAD_BAD);
	ASSERT_IS("PROXY TCP4 0000000000000000000000000000000000000000000000000000000000000000000"
		  "0000000000000000000000000000000000000",
		  PROXYHEAD_BAD);
}

TEST(a_binary_head_names_the_client)
{
	ASSERT_GOOD(SIGNATURE "\x21\x11\0\x0c\xc6\x33\x64\x01\x0a\0\0\x01\x12\x34\x01\xbb",
		    "198.51.100.1");
	ASSERT_GOOD(SIGNATURE "\x21\x21\0\x24\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
			      "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x12\x34\x01\xbb",
		    "2001:db8::7");
	ASSERT_GOOD(SIGNATURE "\x21\x11\0\x10\xc6\x33\x64\x01\x0a\0\0\x01\x12\x34\x01\xbb"
			      "\x04\0\x01x",
		    "198.51.100.1");
	ASSERT_GOOD(SIGNATURE "\x20\x00\0\0", "unix");
	ASSERT_GOOD(SIGNATURE "\x20\x11\0\x0c\xc6\x33\x64\x01\x0a\0\0\x01\x12\x34\x01\xbb", "unix");
	ASSERT_GOOD(SIGNATURE "\x21\0\0\0", "unix");
}

TEST(a_binary_head_of_another_version_or_length_is_none)
{
	ASSERT_IS(SIGNATURE "\x11\x11\0\x0c", PROXYHEAD_BAD);
	ASSERT_IS(SIGNATURE "\x22\x11\0\x0c", PROXYHEAD_BAD);
	ASSERT_IS(SIGNATURE "\x21\x11\xff\xff", PROXYHEAD_BAD);
	ASSERT_IS(SIGNATURE "\x21\x11\0\x0b\xc6\x33\x64\x01\x0a\0\0\x01\x12\x34\x01",
		  PROXYHEAD_BAD);
	ASSERT_IS(SIGNATURE "\x21\x21\0\x0c\xc6\x33\x64\x01\x0a\0\0\x01\x12\x34\x01\xbb",
		  PROXYHEAD_BAD);
}

TEST(a_request_has_none)
{
	ASSERT_IS("GET / HTTP/1.1\r\n", PROXYHEAD_NONE);
	ASSERT_IS("POST / HTTP/1.1\r\n", PROXYHEAD_NONE);
	ASSERT_IS("PROXYING / HTTP/1.1\r\n", PROXYHEAD_NONE);
	ASSERT_IS("\r\nGET / HTTP/1.1\r\n", PROXYHEAD_NONE);
	ASSERT_IS("\r\n\r\n\r\n", PROXYHEAD_NONE);
	ASSERT_IS("P", PROXYHEAD_MORE);
	ASSERT_IS("\r\n", PROXYHEAD_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_names_the_client),
		cmocka_unit_test(a_line_that_says_something_else_is_none),
		cmocka_unit_test(a_binary_head_names_the_client),
		cmocka_unit_test(a_binary_head_of_another_version_or_length_is_none),
		cmocka_unit_test(a_request_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
