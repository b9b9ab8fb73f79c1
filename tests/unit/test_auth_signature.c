/* SPDX-License-Identifier: PostgreSQL */
/*
 * Signatures, asked of both libraries. The cases of ECDSA are of the kinds that Wycheproof has:
 * numbers at the edges, other forms, other lengths.
 */
#include "auth/signature.h"

#include "verify.h"

static EVP_PKEY *rsa, *ed25519, *curves[3];

static int make_keys(void **state __attribute__((unused)))
{
	rsa = EVP_RSA_gen(2048);
	ed25519 = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	curves[0] = EVP_EC_gen("P-256");
	curves[1] = EVP_EC_gen("P-384");
	curves[2] = EVP_EC_gen("P-521");
	return 0;
}

static int free_keys(void **state __attribute__((unused)))
{
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ed25519);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		EVP_PKEY_free(curves[i]);
	return 0;
}

static EVP_PKEY *pair_for(enum algorithm a)
{
	if (a == ALGORITHM_EDDSA)
		return ed25519;
	return a >= ALGORITHM_ES256 && a <= ALGORITHM_ES512 ? curves[a - ALGORITHM_ES256] : rsa;
}

static enum algorithm es(size_t i)
{
	return (enum algorithm)(ALGORITHM_ES256 + i);
}

TEST(both_libraries_take_what_either_has_signed)
{
	for (int a = ALGORITHM_RS256; a < ALGORITHMS; a++) {
		struct signer signer = {.private = pair_for(a), .algorithm = a};
		struct key key = key_of(signer.private);
		unsigned char bytes[2048];
		char *token = sign_with(signer.private, a, NULL);

		assert_true(token_is_by(token, a, &key));
		assert_true(bytes_are_by(bytes, sign_tried(&signer, bytes), a, &key));
		token[strlen(token) - 5] ^= 1;
		assert_false(token_is_by(token, a, &key));
		key_release(&key);
		free(token);
	}
}

TEST(a_signature_of_one_algorithm_is_none_of_another)
{
	for (int a = ALGORITHM_RS256; a < ALGORITHMS; a++) {
		struct signer signer = {.private = pair_for(a), .algorithm = a};
		struct key key = key_of(signer.private);
		unsigned char bytes[2048];
		size_t len = sign_tried(&signer, bytes);
		struct buf text;
		char *token;

		begin_tried(&text, a);
		token = end_token(&text, bytes, len);
		for (int other = ALGORITHM_HS256; other < ALGORITHMS; other++)
			assert_true(token_is_by(token, other, &key) == (other == a));
		key_release(&key);
		free(token);
	}
}

/* A public key has the same bytes for everybody, so it must not become a secret. */
TEST(the_bytes_of_a_public_key_are_no_secret)
{
	for (int a = ALGORITHM_HS256; a <= ALGORITHM_HS512; a++) {
		for (int p = ALGORITHM_RS256; p < ALGORITHMS; p++) {
			struct key key = key_of(pair_for(p));
			char header[40], *token;

			snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", algorithm_name(a));
			token = make_token(header, PAYLOAD_7, algorithm_hash(a), (char *)key.bytes,
					   key.len);
			assert_false(token_is_by(token, a, &key));
			key.algorithms = ALGORITHMS_HS;
			assert_false(token_is_by(token, a, &key));
			key_release(&key);
			free(token);
		}
	}
}

TEST(a_mac_is_taken_by_both_libraries_in_its_whole_length_alone)
{
	struct key key = {.algorithms = ALGORITHMS_HS,
			  .bytes = (unsigned char *)(uintptr_t)KEY KEY,
			  .len = 64};

	for (int a = ALGORITHM_HS256; a <= ALGORITHM_HS512; a++) {
		char header[40], *token, *end;

		snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", algorithm_name(a));
		token = make_token(header, PAYLOAD_7, algorithm_hash(a), KEY KEY, 64);
		assert_true(token_is_by(token, a, &key));
		for (int other = ALGORITHM_HS256; other < ALGORITHMS; other++)
			assert_true(other == a || !token_is_by(token, other, &key));
		for (end = token + strlen(token) - 1; *end != '.'; end--) {
			*end = '\0';
			assert_false(token_is_by(token, a, &key));
		}
		free(token);
	}
}

TEST(a_signature_is_as_long_as_that_of_the_longest_key_at_most)
{
	char token[4 + 2 * SIGNATURE_MAX] = "a.b.";
	struct signature s;

	memset(token + 4, 'A', SIGNATURE_MAX / 3 * 4 + 3); /* 682 triples and 2 bytes */
	assert_true(signature_read(&s, token));
	assert_int_equal(s.len, SIGNATURE_MAX);
	memset(token + 4, 'A', SIGNATURE_MAX / 3 * 4 + 8);
	assert_false(signature_read(&s, token));
}

/* --- ECDSA --- */

/* Both numbers in their places, each in half the bytes. */
static bool numbers_are_by(const BIGNUM *r, const BIGNUM *s, size_t i, const struct key *key)
{
	unsigned char bytes[132];
	int half = (EVP_PKEY_get_bits(curves[i]) + 7) / 8;

	if (BN_bn2binpad(r, bytes, half) != half || BN_bn2binpad(s, bytes + half, half) != half)
		return false; /* it has no place there */
	return bytes_are_by(bytes, (size_t)half * 2, es(i), key);
}

/* r and s of zero solve the equation of ECDSA for every text and key, if nobody looks at them. */
TEST(numbers_at_the_edges_are_no_signature)
{
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		struct key key = key_of(curves[i]);
		BIGNUM *n = NULL, *p = NULL, *edges[8];
		int half = (EVP_PKEY_get_bits(curves[i]) + 7) / 8;
		unsigned char ones[66];

		memset(ones, 0xff, sizeof(ones));
		assert_int_equal(EVP_PKEY_get_bn_param(curves[i], OSSL_PKEY_PARAM_EC_ORDER, &n), 1);
		assert_int_equal(EVP_PKEY_get_bn_param(curves[i], OSSL_PKEY_PARAM_EC_P, &p), 1);
		for (size_t e = 0; e < ARRAY_SIZE(edges); e++)
			edges[e] = e < 4 ? BN_dup(n) : BN_dup(p);
		BN_zero(edges[0]);
		BN_one(edges[1]);
		BN_sub_word(edges[2], 1);
		BN_add_word(edges[4], 1);
		BN_add(edges[5], n, n);
		BN_bin2bn(ones, half, edges[6]);
		for (size_t r = 0; r < ARRAY_SIZE(edges); r++)
			for (size_t s = 0; s < ARRAY_SIZE(edges); s++)
				assert_false(numbers_are_by(edges[r], edges[s], i, &key));
		for (size_t e = 0; e < ARRAY_SIZE(edges); e++)
			BN_free(edges[e]);
		BN_free(n);
		BN_free(p);
		key_release(&key);
	}
}

/* r and s of a good signature, each also replaced, and with the order added where it fits. */
TEST(each_number_is_in_its_place_and_below_the_order)
{
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		struct signer signer = {.private = curves[i], .algorithm = es(i)};
		struct key key = key_of(curves[i]);
		unsigned char bytes[2048];
		size_t len = sign_tried(&signer, bytes);
		BIGNUM *n = NULL, *r = BN_bin2bn(bytes, (int)len / 2, NULL),
		       *s = BN_bin2bn(bytes + len / 2, (int)len / 2, NULL), *zero = BN_new(),
		       *more = BN_new();

		assert_int_equal(EVP_PKEY_get_bn_param(curves[i], OSSL_PKEY_PARAM_EC_ORDER, &n), 1);
		BN_zero(zero);
		assert_true(numbers_are_by(r, s, i, &key));
		assert_false(numbers_are_by(s, r, i, &key));
		assert_false(numbers_are_by(zero, s, i, &key));
		assert_false(numbers_are_by(r, zero, i, &key));
		assert_false(numbers_are_by(n, s, i, &key));
		assert_false(numbers_are_by(r, n, i, &key));
		BN_add(more, r, n);
		assert_false(numbers_are_by(more, s, i, &key));
		BN_add(more, s, n);
		assert_false(numbers_are_by(r, more, i, &key));
		assert_int_equal(i == 2, BN_num_bytes(more) == 66); /* there it fits */
		BN_free(n);
		BN_free(r);
		BN_free(s);
		BN_free(zero);
		BN_free(more);
		key_release(&key);
	}
}

static size_t to_der(const unsigned char *bytes, size_t len, unsigned char *ret_der)
{
	ECDSA_SIG *both = ECDSA_SIG_new();
	unsigned char *end = ret_der;
	int der_len;

	ECDSA_SIG_set0(both, BN_bin2bn(bytes, (int)len / 2, NULL),
		       BN_bin2bn(bytes + len / 2, (int)len / 2, NULL));
	der_len = i2d_ECDSA_SIG(both, &end);
	ECDSA_SIG_free(both);
	return (size_t)der_len;
}

TEST(both_numbers_have_all_their_bytes_and_no_other_form)
{
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		struct signer signer = {.private = curves[i], .algorithm = es(i)};
		struct key key = key_of(curves[i]);
		unsigned char bytes[2048], der[200], wide[200] = {0};
		size_t len = sign_tried(&signer, bytes), half = len / 2;

		memset(bytes + len, 0, 100);
		for (size_t cut = 0; cut < len + 100; cut++)
			assert_true(bytes_are_by(bytes, cut, es(i), &key) == (cut == len));
		assert_false(bytes_are_by(der, to_der(bytes, len, der), es(i), &key));
		/* a zero before each number */
		memcpy(wide + 1, bytes, half);
		memcpy(wide + half + 2, bytes + half, half);
		assert_false(bytes_are_by(wide, len + 2, es(i), &key));
		/* a number without its first zero, and the other one in its place */
		memcpy(wide, bytes + 1, len - 1);
		assert_false(bytes_are_by(wide, len - 1, es(i), &key));
		assert_false(bytes_are_by(wide, len, es(i), &key));
		key_release(&key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_libraries_take_what_either_has_signed),
		cmocka_unit_test(a_signature_of_one_algorithm_is_none_of_another),
		cmocka_unit_test(the_bytes_of_a_public_key_are_no_secret),
		cmocka_unit_test(a_mac_is_taken_by_both_libraries_in_its_whole_length_alone),
		cmocka_unit_test(a_signature_is_as_long_as_that_of_the_longest_key_at_most),
		cmocka_unit_test(numbers_at_the_edges_are_no_signature),
		cmocka_unit_test(each_number_is_in_its_place_and_below_the_order),
		cmocka_unit_test(both_numbers_have_all_their_bytes_and_no_other_form),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
