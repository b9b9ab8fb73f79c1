/* SPDX-License-Identifier: PostgreSQL */
/* What a token's header may say, and which key it may choose by it. */
#include "auth/token.h"

#include <stdio.h>

#include "auth/keyring.h"

#include "token.h"

#define PAYLOAD "{\"sub\":\"7\",\"exp\":" LATER "}"
#define OTHER_KEY "another-secret-for-the-tests-of-kids"

static struct keyring ring; /* lent: nobody releases it */
static struct identity identity;

static int reset(void **state __attribute__((unused)))
{
	ring = (struct keyring){.keys = {test_key(NULL)}, .count = 1};
	return 0;
}

static const char *verify(const char *header, const char *key)
{
	struct token_options options = {.keys = &ring};
	char *token = make_token(header, PAYLOAD, EVP_sha256(), key, strlen(key));
	const char *why = NULL;
	bool taken = token_verify(&options, token, NOW_S * 1000, &identity, &why);

	free(token);
	if (!taken)
		return why;
	assert_string_equal(identity.sub, "7");
	return NULL;
}

static void assert_taken(const char *header, const char *key)
{
	const char *why = verify(header, key);

	if (why != NULL)
		fail_msg("%s was refused: %s", header, why);
	identity_release(&identity);
}

static void assert_refused(const char *header, const char *key, const char *expected)
{
	const char *why = verify(header, key);

	if (why == NULL)
		fail_msg("%s was taken", header);
	if (strstr(why, expected) == NULL)
		fail_msg("%s was refused: %s", header, why);
}

/* Two keys with kids. */
static void give_kids(void)
{
	ring.keys[0] = test_key("old");
	ring.keys[1] = test_key("new");
	ring.keys[1].bytes = (unsigned char *)(uintptr_t)OTHER_KEY;
	ring.keys[1].len = strlen(OTHER_KEY);
	ring.keys[1].mark = 8;
	ring.count = 2;
	ring.has_kids = true;
}

/* All of them signed as HS256, with the right key: only the header is wrong. */
TEST(alg_is_that_of_a_key_in_just_its_spelling)
{
	static const char *const bad[] = {
		"none",     "None",   "nOnE",   "NONE",  "",      "hs256", "Hs256",     "HS256 ",
		" HS256",   "HS384",  "HS512",  "RS256", "ES256", "PS256", "EdDSA",     "dir",
		"HS256\\n", "SHA256", "ES256K", "Ed448", "eddsa", "PS255", "RSASSA-PSS"};
	char header[100];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"%s\",\"typ\":\"JWT\"}", bad[i]);
		assert_refused(header, KEY, "alg");
	}
	assert_refused("{\"typ\":\"JWT\"}", KEY, "alg");
	assert_refused("{}", KEY, "alg");
	assert_refused("{\"alg\":null}", KEY, "alg");
	assert_refused("{\"alg\":256}", KEY, "alg");
	assert_refused("{\"alg\":[\"HS256\"]}", KEY, "alg");
	assert_refused("{\"Alg\":\"HS256\"}", KEY, "alg");
	assert_taken("{\"alg\":\"HS256\"}", KEY);
}

TEST(the_pin_is_the_keys_and_not_what_the_token_could_be_verified_with)
{
	struct token_options options = {.keys = &ring};
	char *token =
		make_token("{\"alg\":\"HS384\"}", PAYLOAD, EVP_sha384(), KEY, sizeof(KEY) - 1);
	const char *why;

	assert_false(token_verify(&options, token, NOW_S * 1000, &identity, &why));
	ring.keys[0].algorithms = ALGORITHM_SET(ALGORITHM_HS384);
	assert_true(token_verify(&options, token, NOW_S * 1000, &identity, &why));
	identity_release(&identity);
	free(token);
}

TEST(a_member_that_is_there_twice_is_refused)
{
	assert_refused("{\"alg\":\"HS256\",\"alg\":\"HS256\"}", KEY, "header");
	assert_refused("{\"alg\":\"none\",\"alg\":\"HS256\"}", KEY, "header");
	assert_refused("{\"alg\":\"HS256\",\"\\u0061lg\":\"none\"}", KEY, "header");
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"a\",\"kid\":\"a\"}", KEY, "header");
}

TEST(a_header_must_be_one_json_object)
{
	static const char *const bad[] = {"[]",
					  "HS256",
					  "\"HS256\"",
					  "null",
					  "1",
					  "{'alg':'HS256'}",
					  "{\"alg\":\"HS256\"}x",
					  "{\"alg\":\"HS256\",}",
					  "\xef\xbb\xbf{\"alg\":\"HS256\"}",
					  "{\"alg\":\"HS256\",\"x\":\"\xff\"}"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i], KEY, "header");
	assert_taken("{ \"typ\" : \"JWT\" ,\n\"alg\":\"HS256\"}", KEY);
}

TEST(what_asks_for_more_than_is_understood_is_refused)
{
	assert_refused("{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", KEY, "crit");
	assert_refused("{\"alg\":\"HS256\",\"crit\":[]}", KEY, "crit");
	assert_refused("{\"alg\":\"HS256\",\"crit\":null}", KEY, "crit");
	assert_refused("{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}", KEY, "crit");
	assert_refused("{\"alg\":\"HS256\",\"b64\":false}", KEY, "b64");
	assert_refused("{\"alg\":\"HS256\",\"b64\":true}", KEY, "b64");
}

/* No address and no key of the header is looked at: without its own signature such a token is like
 * any other. */
TEST(a_key_that_the_token_brings_along_means_nothing)
{
	static const char *const bringing[] = {
		"{\"alg\":\"HS256\",\"jku\":\"http://127.0.0.1:1/keys\"}",
		"{\"alg\":\"HS256\",\"x5u\":\"http://127.0.0.1:1/cert\"}",
		("{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":"
		 "\"YW5vdGhlci1zZWNyZXQtZm9yLXRoZS10ZXN0cy1vZi1raWRz\"}}"),
		"{\"alg\":\"HS256\",\"x5c\":[\"MIIB\"]}"};

	for (size_t i = 0; i < ARRAY_SIZE(bringing); i++) {
		assert_refused(bringing[i], OTHER_KEY, "signature is wrong");
		assert_taken(bringing[i], KEY);
	}
}

TEST(typ_is_jwt_or_that_of_an_access_token_in_any_case_or_missing)
{
	static const char *const good[] = {"JWT",
					   "jwt",
					   "at+jwt",
					   "AT+JWT",
					   "application/at+jwt",
					   "Application/At+Jwt",
					   "application/okta-internal-at+jwt",
					   "okta-internal-at+jwt"};
	static const char *const bad[] = {"",
					  "JWE",
					  "JOSE",
					  "application/jwt",
					  "+jwt",
					  "t+jwt",
					  "at+jwt ",
					  " at+jwt",
					  "at+jwts",
					  "at+sd-jwt",
					  "at",
					  "-at+jwt",
					  "stat+jwt",
					  "application/stat+jwt",
					  "application/",
					  "application/-at+jwt",
					  "application/application/at+jwt",
					  "application/x/y-at+jwt",
					  "text/at+jwt",
					  "text/x-at+jwt",
					  "logout+jwt",
					  "dpop+jwt",
					  "secevent+jwt",
					  "rt+jwt"};
	char header[100];

	assert_taken("{\"alg\":\"HS256\"}", KEY);
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"typ\":\"%s\"}", good[i]);
		assert_taken(header, KEY);
		assert_refused(header, OTHER_KEY, "signature is wrong");
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"typ\":\"%s\"}", bad[i]);
		assert_refused(header, KEY, "typ");
	}
	assert_refused("{\"alg\":\"HS256\",\"typ\":null}", KEY, "typ");
	assert_refused("{\"alg\":\"HS256\",\"typ\":1}", KEY, "typ");
	assert_refused("{\"alg\":\"HS256\",\"typ\":[\"JWT\"]}", KEY, "typ");
}

TEST(a_kid_is_a_text_of_1_to_200_bytes)
{
	char header[TOKEN_MAX], kid[300];

	memset(kid, 'k', 201);
	kid[201] = '\0';
	snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid);
	assert_refused(header, KEY, "kid");
	snprintf(header, sizeof(header), "{\"alg\":\"HS256\",\"kid\":\"%s\"}", kid + 1);
	assert_taken(header, KEY);
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"\"}", KEY, "kid");
	assert_refused("{\"alg\":\"HS256\",\"kid\":null}", KEY, "kid");
	assert_refused("{\"alg\":\"HS256\",\"kid\":7}", KEY, "kid");
	assert_refused("{\"alg\":\"HS256\",\"kid\":[\"old\"]}", KEY, "kid");
}

TEST(a_key_without_a_kid_takes_any)
{
	assert_taken("{\"alg\":\"HS256\",\"kid\":\"whatever\"}", KEY);
	assert_taken("{\"alg\":\"HS256\",\"kid\":\"../../etc/passwd\"}", KEY);
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"whatever\"}", OTHER_KEY, "signature is wrong");
}

TEST(a_kid_chooses_the_key_and_no_other_is_tried)
{
	give_kids();
	assert_taken("{\"alg\":\"HS256\",\"kid\":\"old\"}", KEY);
	assert_taken("{\"alg\":\"HS256\",\"kid\":\"new\"}", OTHER_KEY);
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"new\"}", KEY, "signature is wrong");
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"old\"}", OTHER_KEY, "signature is wrong");
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"older\"}", KEY, "no configured key");
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"ol\"}", KEY, "no configured key");
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"OLD\"}", KEY, "no configured key");
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"../old\"}", KEY, "no configured key");
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"' OR 1=1 --\"}", KEY, "no configured key");
	ring.keys[1].algorithms =
		ALGORITHM_SET(ALGORITHM_HS384); /* the kid's key is for another algorithm */
	assert_refused("{\"alg\":\"HS256\",\"kid\":\"new\"}", OTHER_KEY, "no configured key");
}

TEST(without_a_kid_every_key_of_the_algorithm_is_tried)
{
	give_kids();
	assert_taken("{\"alg\":\"HS256\"}", KEY);
	assert_taken("{\"alg\":\"HS256\"}", OTHER_KEY);
	assert_refused("{\"alg\":\"HS256\"}", "a-third-secret-for-the-tests-of-kids",
		       "signature is wrong");
	ring.keys[1].algorithms = ALGORITHM_SET(ALGORITHM_HS384);
	assert_refused("{\"alg\":\"HS256\"}", OTHER_KEY, "signature is wrong");
}

TEST(the_identity_says_which_key_it_was)
{
	give_kids();
	assert_null(verify("{\"alg\":\"HS256\"}", OTHER_KEY));
	assert_true(identity.key_mark == 8);
	assert_true(keyring_has(&ring, identity.key_mark));
	identity_release(&identity);
	assert_null(verify("{\"alg\":\"HS256\",\"kid\":\"old\"}", KEY));
	assert_true(identity.key_mark == 7);
	identity_release(&identity);
	assert_false(keyring_has(&ring, 9));
}

#define RESET(sentence) cmocka_unit_test_setup(sentence, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESET(alg_is_that_of_a_key_in_just_its_spelling),
		RESET(the_pin_is_the_keys_and_not_what_the_token_could_be_verified_with),
		RESET(a_member_that_is_there_twice_is_refused),
		RESET(a_header_must_be_one_json_object),
		RESET(what_asks_for_more_than_is_understood_is_refused),
		RESET(a_key_that_the_token_brings_along_means_nothing),
		RESET(typ_is_jwt_or_that_of_an_access_token_in_any_case_or_missing),
		RESET(a_kid_is_a_text_of_1_to_200_bytes),
		RESET(a_key_without_a_kid_takes_any),
		RESET(a_kid_chooses_the_key_and_no_other_is_tried),
		RESET(without_a_kid_every_key_of_the_algorithm_is_tried),
		RESET(the_identity_says_which_key_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
