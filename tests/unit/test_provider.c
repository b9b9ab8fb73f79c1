/* SPDX-License-Identifier: PostgreSQL */
/* Where keys may come from, what providers say, and whose tokens their keys verify. */
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keyring.h"
#include "provider/address.h"
#include "provider/discovery.h"
#include "provider/fetch.h"
#include "provider/providers.h"

#include "jwk.h"
#include "temp.h"

TEST(keys_come_over_tls_or_from_this_machine)
{
	static const char *const good[] = {"https://example.com",  "https://example.com/a?b=c",
					   "HTTPS://EXAMPLE.COM/", "https://example.com:8443/k",
					   "http://127.0.0.1/k",   "http://127.9.8.7:80/k",
					   "http://[::1]:8080/k",  "http://localhost/k",
					   "http://LOCALHOST:9/k", "https://tenant.auth0.com/"};
	static const char *const bad[] = {"http://example.com/k",
					  "http://127.0.0.1.example.com/k",
					  "http://localhost.example.com/k",
					  "http://128.0.0.1/k",
					  "http://[::2]/k",
					  "ftp://example.com/k",
					  "file:///etc/passwd",
					  "example.com/k",
					  "//example.com/k",
					  "https://",
					  "https:///k",
					  "https://user@example.com/k",
					  "https://user:password@example.com/k",
					  "https://example.com/k#fragment",
					  "https://example.com:99999/k",
					  "https://exa mple.com/k",
					  ""};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (address_fault(good[i]) != NULL)
			fail_msg("%s: %s", good[i], address_fault(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (address_fault(bad[i]) == NULL)
			fail_msg("'%s' was taken", bad[i]);
}

TEST(an_origin_is_scheme_host_and_port)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {{"https://a/x", "https://a/y?z", true}, {"https://a", "https://A:443/", true},
		     {"http://a", "http://a:80", true},      {"https://a", "http://a", false},
		     {"https://a", "https://b", false},      {"https://a", "https://a:444", false},
		     {"https://a.b", "https://a.b.", false}, {"https://a", "nonsense", false}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(address_same_origin(cases[i].a, cases[i].b), cases[i].same);
		assert_int_equal(address_same_origin(cases[i].b, cases[i].a), cases[i].same);
	}
}

TEST(the_document_is_below_the_issuer)
{
	static const char *const cases[][2] = {
		{"https://a", "https://a/.well-known/openid-configuration"},
		{"https://a/", "https://a/.well-known/openid-configuration"},
		{"https://a/realms/b", "https://a/realms/b/.well-known/openid-configuration"}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *url = address_of_discovery(cases[i][0]);

		assert_string_equal(url, cases[i][1]);
		free(url);
	}
}

static const char *fault_of(const char *document)
{
	const char *why = NULL;
	char *url = discovery_read(document, strlen(document), "https://a", &why);

	assert_true((url == NULL) == (why != NULL));
	free(url);
	return why == NULL ? "" : why;
}

TEST(a_document_counts_for_exactly_its_issuer)
{
	static const char good[] = "{\"issuer\":\"https://a\",\"jwks_uri\":\"https://k/keys\"}";
	const char *why;
	char *url = discovery_read(good, strlen(good), "https://a", &why);

	assert_string_equal(url, "https://k/keys");
	free(url);
	assert_non_null(strstr(fault_of("{\"issuer\":\"https://a/\",\"jwks_uri\":\"https://k\"}"),
			       "another issuer"));
	assert_non_null(strstr(fault_of("{\"jwks_uri\":\"https://k\"}"), "another issuer"));
	assert_non_null(
		strstr(fault_of("{\"issuer\":7,\"jwks_uri\":\"https://k\"}"), "another issuer"));
	assert_non_null(strstr(fault_of("{\"issuer\":\"https://a\"}"), "jwks_uri"));
	assert_non_null(strstr(fault_of("{\"issuer\":\"https://a\",\"jwks_uri\":[]}"), "jwks_uri"));
	assert_non_null(strstr(fault_of("{\"issuer\":\"https://a\",\"jwks_uri\":\"http://k\"}"),
			       "not https"));
	assert_non_null(strstr(fault_of("[]"), "JSON object"));
	assert_non_null(strstr(fault_of(""), "JSON object"));
}

TEST(cache_control_says_how_long_a_set_is_new)
{
	static const struct {
		const char *header;
		int64_t seconds;
	} cases[] = {{"max-age=60", 60},
		     {"public, max-age=21600, must-revalidate", 21600},
		     {"Max-Age=5", 5},
		     {"max-age=\"7\"", 7},
		     {"max-age=60, max-age=9", 60},
		     {"no-store", 0},
		     {"max-age=60,no-cache", 0},
		     {"s-maxage=60", -1},
		     {"private", -1},
		     {"max-age=-5", 0},
		     {"max-age=99999999999999999999", INT64_MAX},
		     {"max-age=x", 0},
		     {",,", -1},
		     {"", -1}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (fetch_read_max_age(cases[i].header) != cases[i].seconds)
			fail_msg("%s", cases[i].header);
}

static struct provider_sources sources;

static const char *read_sources(const char *oidc, const char *jwks)
{
	static char sentence[1000];
	struct buf why;

	buf_init(&why);
	provider_sources_release(&sources);
	if (provider_sources_read(oidc, jwks, &sources, &why))
		buf_clear(&why);
	else
		assert_true(why.len > 0);
	snprintf(sentence, sizeof(sentence), "%s", why.data);
	buf_release(&why);
	return sentence;
}

TEST(sources_are_issuers_or_urls_of_issuers)
{
	assert_string_equal(read_sources(NULL, NULL), "");
	assert_int_equal(sources.count, 0);
	assert_string_equal(read_sources(" https://a , https://b/,", "https://c/  https://k/1"),
			    "");
	assert_int_equal(sources.count, 3);
	assert_string_equal(sources.items[0].issuer, "https://a");
	assert_null(sources.items[0].url);
	assert_string_equal(sources.items[1].issuer, "https://b/");
	assert_string_equal(sources.items[2].issuer, "https://c/");
	assert_string_equal(sources.items[2].url, "https://k/1");
	assert_string_equal(read_sources(NULL, "https://k/1"), "");
	assert_null(sources.items[0].issuer);
	assert_non_null(strstr(read_sources(NULL, "https://k/1,https://k/2"), "whose keys"));
	assert_string_equal(read_sources(NULL, "https://k/1,b https://k/2"), "");
	assert_non_null(strstr(read_sources("http://a", NULL), "oidc-issuer: 'http://a' is not"));
	assert_non_null(strstr(read_sources(NULL, "https://a k"), "jwks-url: 'k' is no URL"));
	provider_sources_release(&sources);
}

static EVP_PKEY *rsa;

TEST(what_a_published_set_may_not_have_is_left_out)
{
	char *one = jwk_of(rsa, ",\"kid\":\"a\""), *text;
	struct keyring ring;
	struct buf why;

	buf_init(&why);
	text = xasprintf(
		"{\"keys\":[{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNk"
		"ZWY\"},%s,{\"kty\":\"RSA\"},7,%s]}",
		one, one);
	listen_start();
	assert_true(keyring_read(&ring, text, strlen(text), "https://a", &why));
	listen_stop();
	assert_int_equal(ring.count, 2); /* one kid may stand twice (RFC 7517 4.5) */
	assert_string_equal(ring.keys[0].kid, "a");
	keyring_release(&ring);
	assert_false(keyring_read(&ring, "{\"keys\":[]}", 11, "https://a", &why));
	assert_int_equal(ring.count, 0);
	buf_release(&why);
	free(text);
	free(one);
}

TEST(a_key_speaks_for_its_issuer_alone)
{
	struct keyring a = {.count = 1,
			    .issuer = "a",
			    .keys = {{.algorithms = ALGORITHM_SET(ALGORITHM_RS256), .mark = 1}}};
	struct keyring b = {.count = 1,
			    .issuer = "b",
			    .keys = {{.algorithms = ALGORITHM_SET(ALGORITHM_RS256), .mark = 2}}};
	struct keyring own = {.count = 1,
			      .keys = {{.algorithms = ALGORITHM_SET(ALGORITHM_RS256), .mark = 3}}};
	static const struct {
		const char *issuer;
		uint64_t marks[3];
	} cases[] = {{"a", {1}}, {"b", {2}}, {"c", {3}}, {"", {3}}, {NULL, {3}}};

	own.next = &a;
	a.next = &b;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct keyring_at at = {.ring = NULL};
		const struct key *key;

		for (size_t n = 0; cases[i].marks[n] != 0; n++) {
			key = keyring_next(&own, cases[i].issuer, ALGORITHM_RS256, NULL, &at);
			assert_non_null(key);
			assert_int_equal(key->mark, cases[i].marks[n]);
		}
		assert_null(keyring_next(&own, cases[i].issuer, ALGORITHM_RS256, NULL, &at));
	}
	assert_true(keyring_has(&own, 1) && keyring_has(&own, 2) && keyring_has(&own, 3));
	assert_false(keyring_has(&own, 4));
	assert_true(keyring_binds(&own, "b") && !keyring_binds(&own, "c"));
	assert_false(keyring_equals(&a, &b));
	assert_true(keyring_equals(&a, &a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_come_over_tls_or_from_this_machine),
		cmocka_unit_test(an_origin_is_scheme_host_and_port),
		cmocka_unit_test(the_document_is_below_the_issuer),
		cmocka_unit_test(a_document_counts_for_exactly_its_issuer),
		cmocka_unit_test(cache_control_says_how_long_a_set_is_new),
		cmocka_unit_test(sources_are_issuers_or_urls_of_issuers),
		cmocka_unit_test(what_a_published_set_may_not_have_is_left_out),
		cmocka_unit_test(a_key_speaks_for_its_issuer_alone),
	};
	int failed;

	rsa = EVP_RSA_gen(2048);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	EVP_PKEY_free(rsa);
	return failed;
}
