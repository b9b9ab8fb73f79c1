/* SPDX-License-Identifier: PostgreSQL */
#include "http/proxies.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/base.h"

#include "unit.h"

static struct sockaddr_storage peer_of(const char *address)
{
	struct sockaddr_storage peer = {.ss_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, address, &in.sin_addr) == 1)
		memcpy(&peer, &in, sizeof(in));
	else if (inet_pton(AF_INET6, address, &in6.sin6_addr) == 1)
		memcpy(&peer, &in6, sizeof(in6));
	return peer;
}

static bool trusts(const char *list, const char *address)
{
	struct proxies p;
	struct sockaddr_storage peer = peer_of(address);

	assert_null(proxies_read(&p, list));
	return proxies_trust(&p, (const struct sockaddr *)&peer);
}

TEST(nobody_is_trusted_by_an_empty_list)
{
	assert_false(trusts(NULL, "127.0.0.1"));
	assert_false(trusts("", "::1"));
	assert_false(trusts(" , ", "unix"));
}

TEST(addresses_and_networks_are_trusted_to_their_last_bit)
{
	static const char list[] = " 10.0.0.0/8, 192.168.1.7,2001:db8::/33 ,fd00::1, 172.16.0.0/12";
	static const char *const yes[] = {"10.0.0.0",         "10.255.255.255",  "192.168.1.7",
					  "2001:db8:7fff::1", "fd00::1",         "::ffff:10.1.2.3",
					  "172.31.255.255",   "::ffff:c0a8:107", "172.16.0.1"};
	static const char *const no[] = {"9.255.255.255",    "11.0.0.0", "192.168.1.6",
					 "2001:db8:8000::1", "fd00::2",  "unix",
					 "172.32.0.0",       "::1",      "172.15.255.255"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!trusts(list, yes[i]))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (trusts(list, no[i]))
			fail_msg("%s", no[i]);
	assert_true(trusts("0.0.0.0/0", "1.2.3.4"));
	assert_false(trusts("0.0.0.0/0", "2001:db8::1"));
	assert_true(trusts("::/0", "1.2.3.4"));
	assert_true(trusts("unix", "unix"));
	assert_true(trusts("::ffff:10.0.0.0/104", "10.9.9.9"));
}

TEST(what_is_no_address_or_network_is_named)
{
	static const char *const bad[] = {"10.0.0.0/33", "10.0.0/8",    "::1/129",   "10.0.0.0/",
					  "10.0.0.0/-1", "10.0.0.0/8x", "localhost", "10.0.0.0/ 8",
					  "10.0.0.1:80", "[::1]",       "UNIX",      "10.0.0.0/8/9",
					  "*",           "010.0.0.1",   "1"};
	char list[100];
	struct proxies p;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(list, sizeof(list), "::1,%s,::2", bad[i]);
		if (proxies_read(&p, list) != list + 4)
			fail_msg("%s", bad[i]);
	}
}

TEST(a_list_holds_so_many_and_no_more)
{
	char list[PROXIES_MAX * 10 + 20] = "";
	struct proxies p;

	for (size_t i = 0; i < PROXIES_MAX; i++)
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "10.0.0.1,");
	assert_null(proxies_read(&p, list));
	strcat(list, "10.0.0.2");
	assert_string_equal(proxies_read(&p, list), "10.0.0.2");
}

static const char *client(const char *list, const char *peer_address, const char *x,
			  const char *standard)
{
	static char address[PROXIES_ADDRESS_MAX];
	const struct text none = {NULL, 0};
	struct sockaddr_storage peer = peer_of(peer_address);
	struct proxies p;

	assert_null(proxies_read(&p, list));
	proxies_client(&p, (const struct sockaddr *)&peer, x == NULL ? none : text_of(x),
		       standard == NULL ? none : text_of(standard), address);
	return address;
}

#define OURS "10.0.0.0/8,fd00::/8"

TEST(a_stranger_is_not_believed)
{
	assert_string_equal(client(OURS, "192.0.2.1", "198.51.100.1", "for=198.51.100.1"),
			    "192.0.2.1");
	assert_string_equal(client(OURS, "unix", "198.51.100.1", NULL), "unix");
	assert_string_equal(client("", "10.0.0.1", "198.51.100.1", NULL), "10.0.0.1");
	assert_string_equal(client("", "::ffff:192.0.2.1", NULL, NULL), "192.0.2.1");
}

TEST(a_proxy_says_whom_it_speaks_for)
{
	assert_string_equal(client(OURS, "10.0.0.1", NULL, NULL), "10.0.0.1");
	assert_string_equal(client(OURS, "10.0.0.1", "198.51.100.1", NULL), "198.51.100.1");
	assert_string_equal(client("unix", "unix", "198.51.100.1", NULL), "198.51.100.1");
	assert_string_equal(client(OURS, "fd00::1", "2001:db8::7", NULL), "2001:db8::7");
	assert_string_equal(client(OURS, "10.0.0.1", " 198.51.100.1:4711 ", NULL), "198.51.100.1");
	assert_string_equal(client(OURS, "10.0.0.1", "[2001:db8::7]:4711", NULL), "2001:db8::7");
	assert_string_equal(client(OURS, "10.0.0.1", "::ffff:198.51.100.1", NULL), "198.51.100.1");
}

TEST(only_what_trusted_proxies_have_written_counts)
{
	assert_string_equal(client(OURS, "10.0.0.1", "6.6.6.6, 198.51.100.1", NULL),
			    "198.51.100.1");
	assert_string_equal(
		client(OURS, "10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.2,fd00::3", NULL),
		"198.51.100.1");
	assert_string_equal(client(OURS, "10.0.0.1", "10.0.0.9, 10.0.0.2", NULL), "10.0.0.9");
	assert_string_equal(client(OURS, "10.0.0.1", "198.51.100.1, unknown", NULL), "10.0.0.1");
	assert_string_equal(client(OURS, "10.0.0.1", "198.51.100.1, , 10.0.0.2", NULL), "10.0.0.2");
	assert_string_equal(client(OURS, "10.0.0.1", "", NULL), "10.0.0.1");
	assert_string_equal(client(OURS, "10.0.0.1", "198.51.100.1,", NULL), "10.0.0.1");
}

TEST(the_standard_field_counts_where_the_other_one_is_not_there)
{
	assert_string_equal(client(OURS, "10.0.0.1", "198.51.100.1", "for=198.51.100.2"),
			    "198.51.100.1");
	assert_string_equal(client(OURS, "10.0.0.1", NULL, "for=198.51.100.2"), "198.51.100.2");
	assert_string_equal(client(OURS, "10.0.0.1", NULL,
				   "for=6.6.6.6, proto=https; For=\"[2001:db8::7]:47\" ;by=x"),
			    "2001:db8::7");
	assert_string_equal(client(OURS, "10.0.0.1", NULL, "for=198.51.100.2, for=10.0.0.2"),
			    "198.51.100.2");
	assert_string_equal(client(OURS, "10.0.0.1", NULL, "for=198.51.100.2, proto=https"),
			    "10.0.0.1");
	assert_string_equal(client(OURS, "10.0.0.1", NULL, "for=_hidden"), "10.0.0.1");
}

TEST(quotes_forge_no_hop)
{
	assert_string_equal(
		client(OURS, "10.0.0.1", NULL, "for=198.51.100.2;host=\"a, for=6.6.6.6\""),
		"198.51.100.2");
	assert_string_equal(
		client(OURS, "10.0.0.1", NULL, "host=\"a\\\", for=6.6.6.6\";for=198.51.100.2"),
		"198.51.100.2");
	assert_string_equal(client(OURS, "10.0.0.1", NULL, "for=\"6.6.6.6, for=198.51.100.2"),
			    "10.0.0.1");
	assert_string_equal(client(OURS, "10.0.0.1", NULL, "for=\"x\nfor=198.51.100.2"),
			    "198.51.100.2");
	assert_string_equal(
		client(OURS, "10.0.0.1", NULL, "host=\"x;for=6.6.6.6;y\";for=198.51.100.2"),
		"198.51.100.2");
}

TEST(a_chain_that_is_very_long_is_read_from_its_end)
{
	char list[4000] = "6.6.6.6";

	for (int i = 0; i < 100; i++)
		strcat(list, ", 10.0.0.2");
	assert_string_equal(client(OURS, "10.0.0.1", list, NULL), "10.0.0.2");
	strcat(list, ", 198.51.100.1, 10.0.0.2");
	assert_string_equal(client(OURS, "10.0.0.1", list, NULL), "198.51.100.1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_is_trusted_by_an_empty_list),
		cmocka_unit_test(addresses_and_networks_are_trusted_to_their_last_bit),
		cmocka_unit_test(what_is_no_address_or_network_is_named),
		cmocka_unit_test(a_list_holds_so_many_and_no_more),
		cmocka_unit_test(a_stranger_is_not_believed),
		cmocka_unit_test(a_proxy_says_whom_it_speaks_for),
		cmocka_unit_test(only_what_trusted_proxies_have_written_counts),
		cmocka_unit_test(the_standard_field_counts_where_the_other_one_is_not_there),
		cmocka_unit_test(quotes_forge_no_hop),
		cmocka_unit_test(a_chain_that_is_very_long_is_read_from_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
