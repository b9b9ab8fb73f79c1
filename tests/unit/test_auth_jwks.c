/* SPDX-License-Identifier: PostgreSQL */
/* Keys from a JSON Web Key Set. */
#include "auth/jwk.h"

#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "base/log.h"

#include "jwk.h"
#include "temp.h"

/* KEY in base64url, and another one of 32 bytes */
#define K "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
#define K2 "ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA"
#define OCT(more) "{\"kty\":\"oct\",\"k\":\"" K "\"" more "}"
#define OCT2(more) "{\"kty\":\"oct\",\"k\":\"" K2 "\"" more "}"

static struct keyring ring;
static struct buf why;
#define ONLY(algorithm) ALGORITHM_SET(ALGORITHM_##algorithm)

static EVP_PKEY *rsa, *p256, *p384, *p521, *ed25519;

static bool load(const char *text, const char *algorithm)
{
	struct keyring_source s = {.jwks_file = temp_write("jwks", text, strlen(text)),
				   .algorithm = algorithm};
	bool good;

	keyring_release(&ring);
	buf_clear(&why);
	listen_start();
	good = keyring_load(&ring, &s, &why);
	listen_stop();
	return good;
}

static void assert_loaded(const char *text, size_t count)
{
	if (!load(text, NULL))
		fail_msg("%s", why.data);
	assert_int_equal(ring.count, count);
}

static void assert_refused(const char *text, const char *expected)
{
	if (load(text, NULL))
		fail_msg("taken, but: %s", expected);
	assert_int_equal(ring.count, 0);
	if (strstr(why.data, expected) == NULL)
		fail_msg("refused because %s", why.data);
	assert_null(strstr(why.data, K)); /* no key is shown */
}

/* A set of one public key with these members more. The caller frees it. */
static char *set_of(const EVP_PKEY *key, const char *more)
{
	char *jwk = jwk_of(key, more), *set = xasprintf("{\"keys\":[%s]}", jwk);

	free(jwk);
	return set;
}

static int open_files(void **state __attribute__((unused)))
{
	log_setup(LOG_WARN, false);
	buf_init(&why);
	temp_open();
	rsa = EVP_RSA_gen(2048);
	p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	p521 = EVP_EC_gen("P-521");
	ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return 0;
}

static int close_files(void **state __attribute__((unused)))
{
	EVP_PKEY *keys[] = {rsa, p256, p384, p521, ed25519};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		EVP_PKEY_free(keys[i]);
	keyring_release(&ring);
	buf_release(&why);
	temp_close();
	return 0;
}

TEST(an_oct_key_is_the_secret_that_it_says)
{
	assert_loaded("{\"keys\":[" OCT(",\"kid\":\"a\"") "]}", 1);
	assert_int_equal(ring.keys[0].algorithms, ONLY(HS256));
	assert_int_equal(ring.keys[0].len, 32);
	assert_memory_equal(ring.keys[0].bytes, KEY, 32);
	assert_string_equal(ring.keys[0].kid, "a");
	assert_string_equal(said, "");
	assert_loaded(OCT(""), 1); /* a single one, not in a set */
	assert_null(ring.keys[0].kid);
}

TEST(a_public_key_verifies_what_the_private_one_has_signed)
{
	const struct {
		EVP_PKEY *key;
		enum algorithm usual, named;
	} keys[] = {{rsa, ALGORITHM_RS256, ALGORITHM_RS512},
		    {rsa, ALGORITHM_PS384, ALGORITHM_PS256},
		    {p256, ALGORITHM_ES256, ALGORITHM_ES256},
		    {p384, ALGORITHM_ES384, ALGORITHM_ES384},
		    {p521, ALGORITHM_ES512, ALGORITHM_ES512},
		    {ed25519, ALGORITHM_EDDSA, ALGORITHM_EDDSA}};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		char more[64], *set = set_of(keys[i].key, ""),
			       *token = sign_with(keys[i].key, keys[i].usual, NULL);

		assert_loaded(set, 1);
		assert_true(ring_takes(&ring, token));
		free(set);
		free(token);
		snprintf(more, sizeof(more), ",\"kid\":\"k\",\"use\":\"sig\",\"alg\":\"%s\"",
			 algorithm_name(keys[i].named));
		set = set_of(keys[i].key, more);
		token = sign_with(keys[i].key, keys[i].named, "k");
		assert_loaded(set, 1);
		assert_true(ring_takes(&ring, token));
		free(set);
		free(token);
	}
}

/* RFC 9864 gives EdDSA with this curve a name of its own. */
TEST(ed25519_is_another_name_of_eddsa)
{
	char *set = set_of(ed25519, ",\"alg\":\"Ed25519\""),
	     *token = sign_text(ed25519, ALGORITHM_EDDSA, "{\"alg\":\"Ed25519\"}", PAYLOAD_7),
	     *usual = sign_with(ed25519, ALGORITHM_EDDSA, NULL);

	assert_loaded(set, 1);
	assert_true(ring_takes(&ring, token) && ring_takes(&ring, usual));
	free(set);
	free(token);
	free(usual);
}

/* Rotation: what is signed with the old key is taken as long as that is in the set. */
TEST(old_and_new_keys_are_taken_side_by_side)
{
	char *old = jwk_of(rsa, ",\"kid\":\"old\""), *new = jwk_of(p256, ",\"kid\":\"new\"");
	char *both = xasprintf("{\"keys\":[%s,%s,%s]}", old, new, OCT(",\"kid\":\"secret\""));
	char *only_new = xasprintf("{\"keys\":[%s]}", new);
	char *by_old = sign_with(rsa, ALGORITHM_RS256, "old"),
	     *by_new = sign_with(p256, ALGORITHM_ES256, "new");
	uint64_t mark;

	assert_loaded(both, 3);
	assert_true(ring_takes(&ring, by_old) && ring_takes(&ring, by_new));
	mark = ring.keys[0].mark;
	assert_loaded(only_new, 1);
	assert_true(ring_takes(&ring, by_new) && !ring_takes(&ring, by_old));
	assert_false(keyring_has(&ring, mark));
	free(old);
	free(new);
	free(both);
	free(only_new);
	free(by_old);
	free(by_new);
}

TEST(the_public_key_is_no_secret_that_a_token_can_be_signed_with)
{
	char *set = set_of(rsa, ",\"kid\":\"k\"");
	EVP_PKEY *public_key;

	assert_loaded(set, 1);
	public_key = ring.keys[0].public_key;
	for (size_t cut = 0; cut < 2; cut++) { /* with its final line end, and without */
		char *token = make_token("{\"alg\":\"HS256\",\"kid\":\"k\"}",
					 "{\"sub\":\"7\",\"exp\":" LATER "}", EVP_sha256(),
					 (char *)ring.keys[0].bytes, ring.keys[0].len - cut);

		assert_false(ring_takes(&ring, token));
		ring.keys[0].algorithms = ONLY(HS256); /* its kind alone is wrong */
		ring.keys[0].public_key = NULL;
		ring.keys[0].len -= cut;
		assert_true(ring_takes(&ring, token));
		ring.keys[0].len += cut;
		ring.keys[0].public_key = public_key;
		assert_false(ring_takes(&ring, token));
		ring.keys[0].algorithms = ALGORITHMS_RS;
		free(token);
	}
	free(set);
}

TEST(a_key_that_says_no_algorithm_has_the_configured_one_if_it_is_of_that_kind)
{
	char *jwk = jwk_of(rsa, ",\"kid\":\"r\""),
	     *set = xasprintf("{\"keys\":[%s,%s]}", jwk, OCT(""));

	assert_true(load(set, "RS384"));
	assert_int_equal(ring.keys[0].algorithms, ONLY(RS384));
	assert_int_equal(ring.keys[1].algorithms, ONLY(HS256));
	assert_true(load(set, "PS512"));
	assert_int_equal(ring.keys[0].algorithms, ONLY(PS512));
	assert_true(load(set, "ES384"));
	assert_int_equal(ring.keys[0].algorithms, ALGORITHMS_RS | ALGORITHMS_PS);
	assert_true(load(OCT(",\"alg\":\"HS256\""), "HS512")); /* the key's own word counts more */
	assert_int_equal(ring.keys[0].algorithms, ONLY(HS256));
	free(jwk);
	free(set);
}

TEST(keys_for_other_uses_are_left_out_with_a_warning)
{
	static const char *const other[] = {OCT2(",\"use\":\"enc\""),
					    OCT2(",\"use\":7"),
					    OCT2(",\"key_ops\":[\"sign\"]"),
					    OCT2(",\"key_ops\":\"verify\""),
					    OCT2(",\"alg\":\"ES256K\""),
					    OCT2(",\"alg\":\"none\""),
					    OCT2(",\"alg\":7"),
					    "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"" K "\"}",
					    "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"x\":\"" K "\"}",
					    "{\"kty\":\"OKP\",\"x\":\"" K "\"}",
					    "{\"kty\":\"AKP\"}",
					    "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"" K
					    "\",\"y\":\"" K "\"}"};
	char text[1000];

	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		snprintf(text, sizeof(text), "{\"keys\":[%s,%s]}", other[i],
			 OCT(",\"key_ops\":[\"sign\",\"verify\"]"));
		assert_loaded(text, 1);
		assert_memory_equal(ring.keys[0].bytes, KEY, 32);
		assert_non_null(strstr(said, "key 1 is left out"));
		snprintf(text, sizeof(text), "{\"keys\":[%s]}", other[i]);
		assert_refused(text, "there is no key in it");
	}
}

TEST(a_key_that_is_wrong_or_weak_is_refused)
{
	static const char *const bad[][2] = {
		{"{\"keys\":[{}]}", "key 1: it has no kty"},
		{"{\"keys\":[" OCT("") ",7]}", "key 2: it has no kty"},
		{"{\"keys\":[null]}", "key 1: it has no kty"},
		{"{\"kty\":\"oct\"}", "its k is missing"},
		{"{\"kty\":\"oct\",\"k\":\"\"}", "its k is missing"},
		{"{\"kty\":\"oct\",\"k\":\"" K "=\"}", "its k is missing or not base64url"},
		{"{\"kty\":\"oct\",\"k\":7}", "its k is missing"},
		{"{\"kty\":\"oct\",\"k\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZQ\"}",
		 "31 bytes, fewer than 32"},
		{OCT(",\"alg\":\"HS384\""), "32 bytes, fewer than 48"},
		{OCT(",\"alg\":\"RS256\""), "not for"},
		{OCT(",\"alg\":\"PS256\""), "not for"},
		{OCT(",\"alg\":\"EdDSA\""), "not for"},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\"}", "numbers"},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":7}", "numbers"},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"" K "AA\"}", "numbers"},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "numbers"},
		{"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
		 "\"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
		 "not those of a key"},
		{OCT(",\"kid\":\"\""), "kid"},
		{OCT(",\"kid\":7"), "kid"},
		{"{\"kty\":\"RSA\",\"n\":\"" K "\",\"e\":\"AQAB\"}", "fewer than 2048"},
		{"{\"kty\":\"RSA\",\"e\":\"AQAB\"}", "numbers"},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" K "\",\"y\":\"" K "\"}", "numbers"},
		{"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"" K "\"}", "numbers"},
		{"{\"keys\":[" OCT(",\"kid\":\"a\"") "," OCT2(",\"kid\":\"a\"") "]}",
		 "key 2: its kid is also"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i][0], bad[i][1]);
}

TEST(a_public_key_of_another_algorithm_or_with_its_private_part_is_refused)
{
	static const char *const bad[][2] = {{",\"alg\":\"ES384\"", "not for"},
					     {",\"alg\":\"HS256\"", "not for"},
					     {",\"alg\":\"RS256\"", "not for"},
					     {",\"alg\":\"PS256\"", "not for"},
					     {",\"alg\":\"EdDSA\"", "not for"},
					     {",\"d\":\"" K "\"", "private part"},
					     {",\"d\":\"" K "\",\"use\":\"enc\"", "private part"}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *set = set_of(p256, bad[i][0]);

		assert_refused(set, bad[i][1]);
		free(set);
	}
}

/* Numbers that are those of no key. OpenSSL itself would verify with an exponent of 1: any text is
 * then its own signature. */
TEST(an_rsa_key_with_an_exponent_of_1_is_refused)
{
	/* the modulus is random: without quotes it may be there */
	char *set = set_of(rsa, ""), *exponent = strstr(set, "\"AQAB\"");

	assert_non_null(exponent);
	memcpy(exponent + 1, "AQAA", 4); /* even */
	assert_refused(set, "numbers");
	memcpy(exponent + 1, "AAAB", 4);
	assert_refused(set, "numbers");
	free(set);
}

TEST(what_is_no_set_is_refused)
{
	static const char *const bad[][2] = {
		{"[]", "not a JSON Web Key Set"},
		{"x", "not a JSON Web Key Set"},
		{"{\"keys\":[]}", "there is no key in it"},
		{"{\"keys\":{}}", "not an array"},
		{"{}", "it has no kty"},
		{OCT("") OCT(""), "not a JSON Web Key Set"},
		{OCT(",\"kid\":\"a\",\"kid\":\"b\""), "each name in it once"},
		{" ", "not a JSON"}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_refused(bad[i][0], bad[i][1]);
	assert_refused("", "is empty");
}

TEST(a_set_has_up_to_64_keys)
{
	struct buf text;

	buf_init(&text);
	buf_append_str(&text, "{\"keys\":[");
	for (int i = 0; i < 65; i++) {
		buf_appendf(&text, "%s{\"kty\":\"oct\",\"k\":\"" K "\",\"kid\":\"%d\"}",
			    i == 0 ? "" : ",", i);
		if (i == 63) {
			size_t len = text.len;

			buf_append_str(&text, "]}");
			assert_loaded(text.data, 64);
			text.len = len;
		}
	}
	buf_append_str(&text, "]}");
	assert_refused(text.data, "key 65: it is one more");
	buf_release(&text);
}

TEST(a_set_with_a_secret_is_for_its_owner_and_one_of_public_keys_for_all)
{
	char *set = set_of(rsa, "");
	struct keyring_source s = {.jwks_file = temp_write("modes", OCT(""), strlen(OCT("")))};

	keyring_release(&ring);
	assert_int_equal(chmod(s.jwks_file, 0644), 0);
	assert_false(keyring_load(&ring, &s, &why));
	assert_non_null(strstr(why.data, "everybody can read or write"));
	s.jwks_file = temp_write("modes", set, strlen(set));
	buf_clear(&why);
	assert_true(keyring_load(&ring, &s, &why));
	keyring_release(&ring);
	assert_int_equal(chmod(s.jwks_file, 0602), 0);
	assert_false(keyring_load(&ring, &s, &why));
	assert_non_null(strstr(why.data, "everybody can write"));
	free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_oct_key_is_the_secret_that_it_says),
		cmocka_unit_test(a_public_key_verifies_what_the_private_one_has_signed),
		cmocka_unit_test(ed25519_is_another_name_of_eddsa),
		cmocka_unit_test(old_and_new_keys_are_taken_side_by_side),
		cmocka_unit_test(the_public_key_is_no_secret_that_a_token_can_be_signed_with),
		cmocka_unit_test(
			a_key_that_says_no_algorithm_has_the_configured_one_if_it_is_of_that_kind),
		cmocka_unit_test(keys_for_other_uses_are_left_out_with_a_warning),
		cmocka_unit_test(a_key_that_is_wrong_or_weak_is_refused),
		cmocka_unit_test(
			a_public_key_of_another_algorithm_or_with_its_private_part_is_refused),
		cmocka_unit_test(an_rsa_key_with_an_exponent_of_1_is_refused),
		cmocka_unit_test(what_is_no_set_is_refused),
		cmocka_unit_test(a_set_has_up_to_64_keys),
		cmocka_unit_test(
			a_set_with_a_secret_is_for_its_owner_and_one_of_public_keys_for_all),
	};

	return cmocka_run_group_tests(tests, open_files, close_files);
}
