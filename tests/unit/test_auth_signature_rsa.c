/* SPDX-License-Identifier: PostgreSQL */
/*
 * Signatures of RSA keys. The cases are of the kinds that Wycheproof has: salts, hashes and
 * paddings that are others, numbers at the edges, other lengths.
 */
#include "auth/signature.h"

#include "verify.h"

static EVP_PKEY *rsa, *pss, *pss_sha256;
static struct key key;

/* A key of type RSA-PSS, which names its hashes unless they are NULL. */
static EVP_PKEY *make_pss(const EVP_MD *hash, const EVP_MD *within)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *pair = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048), 1);
	if (hash != NULL) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_keygen_md(ctx, hash), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_keygen_mgf1_md(ctx, within), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_keygen_saltlen(ctx, 32), 1);
	}
	assert_int_equal(EVP_PKEY_generate(ctx, &pair), 1);
	EVP_PKEY_CTX_free(ctx);
	return pair;
}

static int make_keys(void **state __attribute__((unused)))
{
	rsa = EVP_RSA_gen(2048);
	pss = make_pss(NULL, NULL);
	pss_sha256 = make_pss(EVP_sha256(), EVP_sha512());
	key = key_of(rsa);
	return 0;
}

static int free_keys(void **state __attribute__((unused)))
{
	key_release(&key);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(pss);
	EVP_PKEY_free(pss_sha256);
	return 0;
}

static bool is_taken(const struct signer *s)
{
	unsigned char bytes[2048];

	return bytes_are_by(bytes, sign_tried(s, bytes), s->algorithm, &key);
}

TEST(a_key_without_algorithm_takes_rs_and_ps_and_nothing_else)
{
	assert_int_equal(key.algorithms, ALGORITHMS_RS | ALGORITHMS_PS);
	for (int a = ALGORITHM_RS256; a < ALGORITHMS; a++)
		if (key.algorithms & ALGORITHM_SET(a))
			assert_true(is_taken(&(struct signer){.private = rsa, .algorithm = a}));
}

TEST(a_salt_is_as_long_as_the_hash)
{
	static const int lengths[] = {1, 8, 20, 31, 32, 33, 47, 48, 49, 63, 64, 65, 100, 190};

	for (int a = ALGORITHM_PS256; a <= ALGORITHM_PS512; a++)
		for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
			struct signer s = {.private = rsa, .algorithm = a, .salt = lengths[i]};

			if (is_taken(&s) != (lengths[i] == EVP_MD_get_size(algorithm_hash(a))))
				fail_msg("%s, %d", algorithm_name(a), lengths[i]);
		}
}

TEST(both_hashes_are_those_of_the_algorithm)
{
	const EVP_MD *hashes[] = {EVP_sha1(), EVP_sha224(), EVP_sha256(), EVP_sha384(),
				  EVP_sha512()};

	for (int a = ALGORITHM_RS256; a <= ALGORITHM_PS512; a++) {
		bool ps = a >= ALGORITHM_PS256;

		if (!(key.algorithms & ALGORITHM_SET(a)))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
			bool own = hashes[i] == algorithm_hash(a);
			struct signer s = {.private = rsa, .algorithm = a, .hash = hashes[i]};

			assert_true(is_taken(&s) == own);
			s = (struct signer){.private = rsa, .algorithm = a, .within = hashes[i]};
			assert_true(!ps || is_taken(&s) == own);
		}
	}
}

TEST(ps_and_rs_have_their_own_padding)
{
	static const struct signer bad[] = {
		{.algorithm = ALGORITHM_PS256, .padding = RSA_PKCS1_PADDING},
		{.algorithm = ALGORITHM_PS512, .padding = RSA_PKCS1_PADDING},
		{.algorithm = ALGORITHM_RS256, .padding = RSA_PKCS1_PSS_PADDING},
		{.algorithm = ALGORITHM_RS512, .padding = RSA_PKCS1_PSS_PADDING}};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct signer s = bad[i];

		s.private = rsa;
		assert_false(is_taken(&s));
	}
}

/* The signature is a number below the modulus, in all the bytes that the modulus has. */
TEST(a_number_has_one_spelling)
{
	static const enum algorithm each[] = {ALGORITHM_RS256, ALGORITHM_PS256};
	unsigned char bytes[2048];
	BIGNUM *n = NULL, *number;

	assert_int_equal(EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	for (size_t i = 0; i < ARRAY_SIZE(each); i++) {
		struct signer s = {.private = rsa, .algorithm = each[i]};

		assert_int_equal(sign_tried(&s, bytes), 256);
		assert_true(bytes_are_by(bytes, 256, each[i], &key));
		memset(bytes + 256, 0, 8);
		assert_false(bytes_are_by(bytes, 257, each[i], &key));
		memmove(bytes + 1, bytes, 256);
		bytes[0] = 0;
		assert_false(bytes_are_by(bytes, 257, each[i], &key));
		number = BN_bin2bn(bytes, 257, NULL);
		BN_add(number, number, n);
		assert_int_equal(BN_bn2binpad(number, bytes, 257), 257);
		assert_false(bytes_are_by(bytes, 257, each[i], &key));
		if (bytes[0] == 0)
			assert_false(bytes_are_by(bytes + 1, 256, each[i], &key));
		BN_free(number);
	}
	BN_free(n);
}

/* One in 256 begins with a zero. libcrypto would take it without. A new salt is a new number. */
TEST(a_zero_at_the_front_is_no_less_a_byte)
{
	struct signer s = {.private = rsa, .algorithm = ALGORITHM_PS256};
	unsigned char bytes[2048];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx;
	struct buf text;

	do
		(void)sign_tried(&s, bytes);
	while (bytes[0] != 0);
	assert_true(bytes_are_by(bytes, 256, s.algorithm, &key));
	assert_false(bytes_are_by(bytes + 1, 255, s.algorithm, &key));
	begin_tried(&text, s.algorithm);
	assert_int_equal(EVP_DigestVerifyInit(ctx, &key_ctx, EVP_sha256(), NULL, rsa), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
	assert_int_equal(
		EVP_DigestVerify(ctx, bytes + 1, 255, (unsigned char *)text.data, text.len), 1);
	buf_release(&text);
	EVP_MD_CTX_free(ctx);
}

TEST(numbers_at_the_edges_are_no_signature)
{
	static const enum algorithm each[] = {ALGORITHM_RS256, ALGORITHM_PS256, ALGORITHM_PS512};
	unsigned char bytes[256];
	BIGNUM *edge = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(rsa, OSSL_PKEY_PARAM_RSA_N, &edge), 1);
	for (int down = 0; down < 3; down++) { /* n, n - 1, n - 2 */
		assert_int_equal(BN_bn2binpad(edge, bytes, 256), 256);
		for (size_t i = 0; i < ARRAY_SIZE(each); i++)
			assert_false(bytes_are_by(bytes, 256, each[i], &key));
		BN_sub_word(edge, 1);
	}
	for (unsigned char last = 0; last < 3; last++) {
		memset(bytes, 0, 256);
		bytes[255] = last;
		for (size_t i = 0; i < ARRAY_SIZE(each); i++)
			assert_false(bytes_are_by(bytes, 256, each[i], &key));
	}
	BN_free(edge);
}

/* --- what is within an RS256 signature --- */

static const unsigned char sha256_info[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
					    0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
					    0x01, 0x05, 0x00, 0x04, 0x20};

/* The private key's own operation on a block that is made by hand. */
static bool is_block_taken(const unsigned char block[256])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, rsa, NULL);
	unsigned char bytes[256];
	size_t len = sizeof(bytes);

	assert_int_equal(EVP_PKEY_sign_init(ctx), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_sign(ctx, bytes, &len, block, 256), 1);
	EVP_PKEY_CTX_free(ctx);
	return bytes_are_by(bytes, len, ALGORITHM_RS256, &key);
}

/* 0, 1, ff …, 0, info, hash, and so many zeros behind. */
static void make_block(unsigned char block[256], const unsigned char *info, size_t info_len,
		       size_t behind)
{
	size_t begin = 256 - behind - 32 - info_len;
	struct buf text;
	unsigned hash_len;

	memset(block, 0xff, 256);
	memset(block + 256 - behind, 0, behind);
	block[0] = block[begin - 1] = 0;
	block[1] = 1;
	memcpy(block + begin, info, info_len);
	begin_tried(&text, ALGORITHM_RS256);
	assert_int_equal(EVP_Digest(text.data, text.len, block + begin + info_len, &hash_len,
				    EVP_sha256(), NULL),
			 1);
	buf_release(&text);
}

TEST(the_block_within_is_that_of_the_standard_to_the_last_byte)
{
	unsigned char block[256], info[sizeof(sha256_info)];

	make_block(block, sha256_info, sizeof(sha256_info), 0);
	assert_true(is_block_taken(block));
	block[1] = 2;
	assert_false(is_block_taken(block));
	for (size_t at = 2; at < 205; at += 29) { /* a hole among the ff */
		make_block(block, sha256_info, sizeof(sha256_info), 0);
		block[at] = 0;
		assert_false(is_block_taken(block));
	}
	for (size_t behind = 1; behind < 200; behind += 18) {
		make_block(block, sha256_info, sizeof(sha256_info), behind);
		assert_false(is_block_taken(block));
	}
	for (size_t at = 0; at < sizeof(info); at++) { /* another length, hash or tag */
		memcpy(info, sha256_info, sizeof(info));
		info[at] ^= 2;
		make_block(block, info, sizeof(info), 0);
		assert_false(is_block_taken(block));
	}
	make_block(block, sha256_info, 0, 0); /* the hash alone */
	assert_false(is_block_taken(block));
}

/* --- keys of type RSA-PSS --- */

TEST(a_key_of_type_pss_is_for_ps_alone)
{
	for (int a = ALGORITHM_PS256; a <= ALGORITHM_PS512; a++) {
		struct key own = key_of(pss);
		struct signer s = {.private = pss, .algorithm = a};
		unsigned char bytes[2048];

		assert_int_equal(own.algorithms, ALGORITHMS_PS);
		assert_true(bytes_are_by(bytes, sign_tried(&s, bytes), a, &own));
		key_release(&own);
	}
}

/* Within it uses another hash, which no algorithm of tokens does. */
TEST(a_key_that_names_its_hashes_takes_no_others_and_neither_do_we)
{
	struct signer s = {
		.private = pss_sha256, .algorithm = ALGORITHM_PS256, .within = EVP_sha512()};
	struct key own = key_of(pss_sha256);
	unsigned char bytes[2048];
	size_t len = sign_tried(&s, bytes);

	for (int a = ALGORITHM_PS256; a <= ALGORITHM_PS512; a++)
		assert_false(bytes_are_by(bytes, len, a, &own));
	key_release(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_without_algorithm_takes_rs_and_ps_and_nothing_else),
		cmocka_unit_test(a_salt_is_as_long_as_the_hash),
		cmocka_unit_test(both_hashes_are_those_of_the_algorithm),
		cmocka_unit_test(ps_and_rs_have_their_own_padding),
		cmocka_unit_test(a_number_has_one_spelling),
		cmocka_unit_test(a_zero_at_the_front_is_no_less_a_byte),
		cmocka_unit_test(numbers_at_the_edges_are_no_signature),
		cmocka_unit_test(the_block_within_is_that_of_the_standard_to_the_last_byte),
		cmocka_unit_test(a_key_of_type_pss_is_for_ps_alone),
		cmocka_unit_test(a_key_that_names_its_hashes_takes_no_others_and_neither_do_we),
	};

	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
