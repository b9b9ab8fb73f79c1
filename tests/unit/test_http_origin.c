/* SPDX-License-Identifier: PostgreSQL */
#include "http/origin.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"

#include "unit.h"

/* The form of an allowed origin, or words of why it is none. */
struct pair {
	const char *text, *said;
};

static const char *normalised(const char *text, char copy[2 * ORIGIN_MAX])
{
	snprintf(copy, 2 * ORIGIN_MAX, "%s", text);
	return origin_normalise(copy);
}

static void assert_normalised(const struct pair *all, size_t count)
{
	char copy[2 * ORIGIN_MAX];

	for (size_t i = 0; i < count; i++) {
		const char *fault = normalised(all[i].text, copy);

		if (fault != NULL)
			fail_msg("'%s': %s", all[i].text, fault);
		assert_string_equal(copy, all[i].said);
		assert_null(origin_normalise(copy));
		assert_string_equal(copy, all[i].said);
	}
}

static void assert_refused(const struct pair *all, size_t count)
{
	char copy[2 * ORIGIN_MAX];

	for (size_t i = 0; i < count; i++) {
		const char *fault = normalised(all[i].text, copy);

		if (fault == NULL || strstr(fault, all[i].said) == NULL)
			fail_msg("'%s': %s", all[i].text, fault == NULL ? "is taken" : fault);
		assert_string_equal(copy, all[i].text);
	}
}

TEST(an_allowed_origin_becomes_what_browsers_send)
{
	static const struct pair all[] = {
		{"https://a.com", "https://a.com"},
		{"HTTPS://App.Example.COM", "https://app.example.com"},
		{"https://a.com/", "https://a.com"},
		{"https://a.com:443", "https://a.com"},
		{"http://a.com:80/", "http://a.com"},
		{"http://a.com:00080", "http://a.com"},
		{"https://a.com:80", "https://a.com:80"},
		{"http://a.com:443", "http://a.com:443"},
		{"http://localhost:05173/", "http://localhost:5173"},
		{"https://a.com:65535", "https://a.com:65535"},
		{"http://127.0.0.1:3000", "http://127.0.0.1:3000"},
		{"http://[::1]:3000", "http://[::1]:3000"},
		{"https://[2001:DB8::1]", "https://[2001:db8::1]"},
		{"https://[::ffff:102:304]", "https://[::ffff:102:304]"},
		{"https://xn--caf-dma.example", "https://xn--caf-dma.example"},
		{"https://my_host-1.example", "https://my_host-1.example"},
		{"capacitor://localhost", "capacitor://localhost"},
		{"chrome-extension://abcdefgh", "chrome-extension://abcdefgh"},
		{"x+y.z://App", "x+y.z://app"},
		{"app://a.com:443", "app://a.com:443"},
		{"https://*.Example.com", "https://*.example.com"},
		{"https://*.example.com:443/", "https://*.example.com"},
		{"https://*.a.example.com:8443", "https://*.a.example.com:8443"},
		{"http://*.localhost:5173", "http://*.localhost:5173"},
	};

	assert_normalised(all, ARRAY_SIZE(all));
}

TEST(what_no_browser_sends_is_refused_with_the_reason)
{
	static const struct pair all[] = {
		{"", "no scheme"},
		{"example.com", "no scheme"},
		{"://a", "no scheme"},
		{"https:/a.com", "no scheme"},
		{"ht tp://a", "joined by commas"},
		{"https://a.com https://b.com", "joined by commas"},
		{"1http://a", "scheme is none"},
		{"ht_tp://a", "scheme is none"},
		{"+x://a", "scheme is none"},
		{"https://", "no host"},
		{"https:///", "no host"},
		{"https://:443", "no host"},
		{"file://", "no host"},
		{"https://a.com/x", "no path"},
		{"https://a.com//", "no path"},
		{"https://a.com?x", "no path"},
		{"https://a.com#x", "no path"},
		{"https://a.com:443/x", "no path"},
		{"https://u@a.com", "no user"},
		{"https://a.com:", "port"},
		{"https://a.com:0", "port"},
		{"https://a.com:65536", "port"},
		{"https://a.com:99999999999999999999", "port"},
		{"https://a.com:8x", "port"},
		{"http://localhost:*", "port"},
		{"https://a..com", "empty part"},
		{"https://.a.com", "empty part"},
		{"https://a.com.", "empty part"},
		{"https://a.com,", "no host has"},
		{"https://a%2ecom", "no host has"},
		{"https://caf\xc3\xa9.example", "ASCII"},
		{"http://127.1", "127.0.0.1"},
		{"http://0127.0.0.1", "127.0.0.1"},
		{"http://1.2.3.4.5", "127.0.0.1"},
		{"http://[::1", "[::1]"},
		{"http://[::1]x", "no path"},
		{"http://[]", "[::1]"},
		{"http://[0:0:0:0:0:0:0:1]", "[::1]"},
		{"http://[fe80::1%eth0]", "[::1]"},
		{"http://::1", "no host"},
		{"null", "anybody"},
		{"NULL", "anybody"},
	};

	assert_refused(all, ARRAY_SIZE(all));
}

TEST(a_star_that_means_too_much_or_nothing_is_refused)
{
	static const struct pair all[] = {
		{"*", "name each origin"},
		{"https://*", "first parts"},
		{"https://*.", "first parts"},
		{"https://*a.com", "first parts"},
		{"https://a.*.com", "first parts"},
		{"https://*.*.com", "first parts"},
		{"https://a.com*", "first parts"},
		{"*.example.com", "no scheme"},
		{"*://a.com", "scheme is none"},
		{"https://*.com", "everybody"},
		{"https://*.localhosts", "everybody"},
		{"https://*..com", "empty part"},
		{"https://*.0.0.1", "127.0.0.1"},
		{"https://*.127.0.0.1", "below an address"},
		{"https://*.[::1]", "no host has"},
	};

	assert_refused(all, ARRAY_SIZE(all));
}

TEST(an_origin_longer_than_any_is_refused)
{
	char text[ORIGIN_MAX + 20] = "https://";

	memset(text + 8, 'a', ORIGIN_MAX - 8);
	assert_null(origin_normalise(text));
	text[ORIGIN_MAX] = 'a';
	assert_non_null(strstr(origin_normalise(text), "longer"));
}

TEST(an_origin_matches_as_a_whole_in_any_letter_case)
{
	static const char *const no[] = {"https://a.com:444",
					 "http://a.com",
					 "https://a.com.",
					 "https://a.com/",
					 "https://a.com.b",
					 "https://b.a.com",
					 "https://xa.com",
					 "null",
					 "",
					 "https://a.com:443",
					 "https://a"};

	assert_true(origin_matches("https://a.com", "https://a.com"));
	assert_true(origin_matches("https://a.com", "https://A.com"));
	assert_true(origin_matches("http://a.com:8080", "http://a.com:8080"));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(origin_matches("https://a.com", no[i]));
}

TEST(a_star_is_every_host_below_and_no_other)
{
	static const char *const yes[] = {"https://a.example.com", "https://b.a.example.com",
					  "https://A-1_b.EXAMPLE.com",
					  "https://xn--caf-dma.example.com"};
	static const char *const no[] = {
		"https://example.com",
		"https://evilexample.com",
		"https://.example.com",
		"https://a..example.com",
		"https://.a.example.com",
		"https://a.example.com.evil.com",
		"https://example.com.evil.com",
		"http://a.example.com",
		"https://a.example.com:8443",
		"https://evil.com:80.example.com",
		"https://evil.com/.example.com",
		"https://evil.com/a.example.com",
		"https://evil.com?.example.com",
		"https://evil.com#a.example.com",
		"https://evil@a.example.com",
		"https://evil.com\\.example.com",
		"https://*.example.com",
		"https://a b.example.com",
		"https://\xc3\xa9.example.com",
		"xhttps://a.example.com",
		"null",
		"",
	};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(origin_matches("https://*.example.com", yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (origin_matches("https://*.example.com", no[i]))
			fail_msg("%s", no[i]);
	assert_true(origin_matches("http://*.localhost:5173", "http://shop.localhost:5173"));
	assert_false(origin_matches("http://*.localhost:5173", "http://shop.localhost"));
	assert_false(origin_matches("http://*.localhost:5173", "http://shop.localhost:15173"));
}

/* It is repeated in the answer, for which there is so much room only. */
TEST(an_origin_without_end_matches_nothing)
{
	char origin[2 * ORIGIN_MAX];

	memset(origin, 'a', sizeof(origin));
	memcpy(origin, "https://", 8);
	strcpy(origin + ORIGIN_MAX - 12, ".example.com");
	assert_true(origin_matches("https://*.example.com", origin));
	memset(origin + 8, 'a', ORIGIN_MAX);
	strcpy(origin + ORIGIN_MAX - 11, ".example.com");
	assert_false(origin_matches("https://*.example.com", origin));
}

TEST(fields_that_a_page_asks_for_are_names_joined_by_commas)
{
	static const char *const good[] = {"traceparent", "sentry-trace,baggage",
					   "authorization, last-event-id ,\tx",
					   "X-A!#$%&'*+.^_`|~"};
	static const char *const bad[] = {"",     " ",   ",",       "a,",     ",a",          "a,,b",
					  "a b",  "a;b", "a: b",    "a\r\nb", "caf\xc3\xa9", "(a)",
					  "a\"b", "*/x", "a,b c,d", "a="};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(origin_fields_good(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (origin_fields_good(bad[i]))
			fail_msg("%s", bad[i]);
}

TEST(a_list_of_fields_has_a_bound)
{
	char names[ORIGIN_FIELDS_MAX + 2];

	memset(names, 'a', sizeof(names));
	names[ORIGIN_FIELDS_MAX] = '\0';
	assert_true(origin_fields_good(names));
	names[ORIGIN_FIELDS_MAX] = 'a';
	names[ORIGIN_FIELDS_MAX + 1] = '\0';
	assert_false(origin_fields_good(names));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_allowed_origin_becomes_what_browsers_send),
		cmocka_unit_test(what_no_browser_sends_is_refused_with_the_reason),
		cmocka_unit_test(a_star_that_means_too_much_or_nothing_is_refused),
		cmocka_unit_test(an_origin_longer_than_any_is_refused),
		cmocka_unit_test(an_origin_matches_as_a_whole_in_any_letter_case),
		cmocka_unit_test(a_star_is_every_host_below_and_no_other),
		cmocka_unit_test(an_origin_without_end_matches_nothing),
		cmocka_unit_test(fields_that_a_page_asks_for_are_names_joined_by_commas),
		cmocka_unit_test(a_list_of_fields_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
