/* SPDX-License-Identifier: PostgreSQL */
/* Signatures that are remembered: what they spare, and what they do not change. */
#include "auth/verified.h"

#include <dlfcn.h>
#include <openssl/ec.h>

#include "jwk.h"

static EVP_PKEY *pair, *other;
static struct keyring ring;
static struct verified verified;
static int asked; /* the library */

int jwt_decode(jwt_t **jwt, const char *token, const unsigned char *key, int key_len)
{
	int (*real)(jwt_t **, const char *, const unsigned char *, int);

	*(void **)&real = dlsym(RTLD_NEXT, "jwt_decode");
	asked++;
	return real(jwt, token, key, key_len);
}

static void give(EVP_PKEY *key)
{
	struct buf why;

	keyring_release(&ring);
	buf_init(&why);
	assert_true(key_from_public(&ring.keys[0], key, ALGORITHM_ANY, &why));
	ring.count = 1;
	buf_release(&why);
}

static int open_ring(void **state __attribute__((unused)))
{
	pair = EVP_EC_gen("P-256");
	other = EVP_EC_gen("P-256");
	return 0;
}

static int close_ring(void **state __attribute__((unused)))
{
	keyring_release(&ring);
	EVP_PKEY_free(pair);
	EVP_PKEY_free(other);
	return 0;
}

static int reset(void **state __attribute__((unused)))
{
	give(pair);
	memset(&verified, 0, sizeof(verified));
	asked = 0;
	return 0;
}

static bool takes_at(const char *token, int64_t now_s)
{
	struct token_options options = {.keys = &ring, .verified = &verified};
	struct identity identity;
	const char *why;

	if (!token_verify(&options, token, now_s * 1000, &identity, &why))
		return false;
	assert_true(identity.key_mark == ring.keys[0].mark);
	identity_release(&identity);
	return true;
}

TEST(the_library_is_asked_once_for_a_token)
{
	char *token = sign_with(pair, ALGORITHM_ES256, NULL),
	     *second = sign_with(pair, ALGORITHM_ES256, NULL);

	for (int i = 0; i < 5; i++)
		assert_true(takes_at(token, NOW_S));
	assert_int_equal(asked, 1);
	assert_true(takes_at(second, NOW_S));
	assert_int_equal(asked, 2);
	free(token);
	free(second);
}

TEST(a_token_that_is_remembered_expires_as_any_other)
{
	char *token = sign_with(pair, ALGORITHM_ES256, NULL);

	assert_true(takes_at(token, NOW_S));
	assert_false(takes_at(token, NOW_S + 100));
	free(token);
}

TEST(a_key_that_is_gone_takes_with_it_what_is_remembered)
{
	char *token = sign_with(pair, ALGORITHM_ES256, NULL);

	assert_true(takes_at(token, NOW_S));
	give(other);
	assert_false(takes_at(token, NOW_S));
	give(pair);
	assert_true(takes_at(token, NOW_S));
	free(token);
}

TEST(a_bad_signature_is_not_remembered)
{
	char *token = sign_with(other, ALGORITHM_ES256, NULL);

	assert_false(takes_at(token, NOW_S));
	assert_false(takes_at(token, NOW_S));
	assert_int_equal(asked, 2);
	free(token);
}

TEST(another_payload_under_a_remembered_signature_is_refused)
{
	char *token = sign_with(pair, ALGORITHM_ES256, NULL), *payload = strchr(token, '.') + 1;

	assert_true(takes_at(token, NOW_S));
	payload[10] = payload[10] == 'A' ? 'B' : 'A';
	assert_false(takes_at(token, NOW_S));
	free(token);
}

/* A secret's are not: to verify is quicker. */
TEST(what_is_signed_with_a_secret_is_not_remembered)
{
	char *token = make_token(HS256, "{\"sub\":\"7\",\"exp\":" LATER "}", EVP_sha256(), KEY,
				 sizeof(KEY) - 1);
	struct buf why;

	keyring_release(&ring);
	buf_init(&why);
	assert_true(key_from_secret(&ring.keys[0], KEY, sizeof(KEY) - 1, ALGORITHM_ANY, &why));
	ring.count = 1;
	assert_true(takes_at(token, NOW_S) && takes_at(token, NOW_S));
	assert_int_equal(asked, 2);
	buf_release(&why);
	free(token);
}

TEST(the_two_newest_of_a_set_are_kept)
{
	unsigned char digests[3][DIGEST_BYTES] = {{0}};

	for (unsigned char i = 0; i < 3; i++) {
		digests[i][31] = i; /* what chooses the set is the same */
		verified_add(&verified, digests[i], 5);
	}
	assert_false(verified_has(&verified, digests[0], 5));
	assert_true(verified_has(&verified, digests[1], 5));
	assert_true(verified_has(&verified, digests[2], 5));
	assert_false(verified_has(&verified, digests[2], 6));
}

TEST(an_empty_slot_is_nobodys)
{
	unsigned char zeros[DIGEST_BYTES] = {0};

	assert_false(verified_has(&verified, zeros, 0));
	assert_false(verified_has(&verified, zeros, 5));
}

#define RESET(sentence) cmocka_unit_test_setup(sentence, reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RESET(the_library_is_asked_once_for_a_token),
		RESET(a_token_that_is_remembered_expires_as_any_other),
		RESET(a_key_that_is_gone_takes_with_it_what_is_remembered),
		RESET(a_bad_signature_is_not_remembered),
		RESET(another_payload_under_a_remembered_signature_is_refused),
		RESET(what_is_signed_with_a_secret_is_not_remembered),
		RESET(the_two_newest_of_a_set_are_kept),
		RESET(an_empty_slot_is_nobodys),
	};

	return cmocka_run_group_tests(tests, open_ring, close_ring);
}
