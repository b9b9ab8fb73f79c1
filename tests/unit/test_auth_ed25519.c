/* SPDX-License-Identifier: PostgreSQL */
/* Points that are no keys, and EdDSA signatures that no honest key makes. */
#include "auth/ed25519.h"

#include <openssl/sha.h>

#include "auth/signature.h"

#include "jwk.h"

#define HEADER "{\"alg\":\"EdDSA\"}"
#define ORDER "1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"
#define PRIME "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
#define CURVE_D "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"

static const unsigned char neutral[32] = {1};
static BIGNUM *prime, *order, *d, *one;
static BN_CTX *ctx;
static EVP_PKEY *pair;
static struct key key;

static int open_curve(void **state __attribute__((unused)))
{
	struct buf why;

	ctx = BN_CTX_new();
	one = BN_new();
	BN_one(one);
	assert_true(BN_hex2bn(&prime, PRIME) && BN_hex2bn(&order, ORDER) && BN_hex2bn(&d, CURVE_D));
	pair = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	buf_init(&why);
	assert_true(key_from_public(&key, pair, ALGORITHM_ANY, &why));
	buf_release(&why);
	return 0;
}

static int close_curve(void **state __attribute__((unused)))
{
	key_release(&key);
	EVP_PKEY_free(pair);
	BN_free(prime);
	BN_free(order);
	BN_free(d);
	BN_free(one);
	BN_CTX_free(ctx);
	return 0;
}

/* As the curve's points are written: the lowest byte first, the sign of x in the last bit. */
static void write_point(const BIGNUM *y, bool sign, unsigned char ret_point[32])
{
	assert_int_equal(BN_bn2lebinpad(y, ret_point, 32), 32);
	ret_point[31] |= sign ? 0x80 : 0;
}

static void assert_no_point(const BIGNUM *y, const char *what)
{
	unsigned char point[32];

	for (int sign = 0; sign < 2; sign++) {
		write_point(y, sign, point);
		if (ed25519_is_usual(point) || ed25519_is_key(point))
			fail_msg("%s, sign %d", what, sign);
	}
}

/*
 * The points of order 8 are those whose double has y = 0. So dy^4 + 2y^2 = 1, and y^2 is one of
 * (-1 ± sqrt(1 + d)) / d.
 */
TEST(the_points_of_small_order_are_no_keys)
{
	BIGNUM *y = BN_new(), *root = BN_new(), *over = BN_mod_inverse(NULL, d, prime, ctx);
	int squares = 0;

	BN_zero(y);
	assert_no_point(y, "order 4");
	assert_no_point(one, "order 1");
	BN_sub(y, prime, one);
	assert_no_point(y, "order 2");
	BN_add(root, d, one);
	assert_non_null(BN_mod_sqrt(root, root, prime, ctx));
	for (int sign = 0; sign < 2; sign++) {
		BN_sub(root, prime, root);
		BN_sub(y, root, one);
		BN_mod_mul(y, y, over, prime, ctx);
		if (BN_kronecker(y, prime, ctx) != 1)
			continue;
		squares++;
		assert_non_null(BN_mod_sqrt(y, y, prime, ctx));
		assert_no_point(y, "order 8");
		BN_sub(y, prime, y);
		assert_no_point(y, "order 8, the other y");
	}
	assert_int_equal(squares, 1);
	BN_free(y);
	BN_free(root);
	BN_free(over);
}

/* A y of the prime and above would be a second spelling of the 19 smallest. */
TEST(a_point_has_one_spelling)
{
	BIGNUM *y = BN_dup(prime);

	for (int i = 0; i < 19; i++) {
		assert_no_point(y, "not below the prime");
		BN_add(y, y, one);
	}
	assert_int_equal(BN_num_bits(y), 256);
	BN_free(y);
}

/* Half of all numbers are the y of a point. */
TEST(a_key_is_on_the_curve)
{
	unsigned char point[32];
	size_t len = sizeof(point);
	int keys = 0;

	assert_int_equal(EVP_PKEY_get_raw_public_key(pair, point, &len), 1);
	assert_true(ed25519_is_key(point));
	memset(point, 0, sizeof(point));
	for (int i = 0; i < 200; i++) {
		point[0] = (unsigned char)i;
		point[7] = 0x55;
		assert_true(ed25519_is_usual(point));
		keys += ed25519_is_key(point);
	}
	assert_within(keys, 60, 140);
	point[0] = 3, point[7] = 0; /* y = 3 is on the curve, y = 2 is not */
	assert_true(ed25519_is_key(point));
	point[0] = 2;
	assert_false(ed25519_is_key(point));
}

static EVP_PKEY *public_of(const unsigned char point[32])
{
	return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, point, 32);
}

/* OpenSSL itself takes one signature for any text then: R is the neutral point, and S is 0. */
TEST(a_key_of_small_order_is_refused_though_libcrypto_would_verify_with_it)
{
	unsigned char signature[64] = {1};
	EVP_PKEY *small = public_of(neutral);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	struct key taken;
	struct buf why;

	assert_int_equal(EVP_DigestVerifyInit(md, NULL, NULL, NULL, small), 1);
	assert_int_equal(EVP_DigestVerify(md, signature, 64, (const unsigned char *)"any", 3), 1);
	EVP_MD_CTX_free(md);
	buf_init(&why);
	assert_false(key_from_public(&taken, small, ALGORITHM_ANY, &why));
	assert_non_null(strstr(why.data, "numbers are not those of a key"));
	buf_release(&why);
	EVP_PKEY_free(small);
}

static bool takes(const char *token)
{
	struct signature s;

	if (!signature_read(&s, token))
		return false;
	s.algorithm = ALGORITHM_EDDSA;
	s.access = false;
	return signature_is_by(&s, &key);
}

static bool takes_signature(const unsigned char *signature, size_t len)
{
	struct buf text;
	char *token;
	bool taken;

	begin_token(&text, HEADER, PAYLOAD_7);
	token = end_token(&text, signature, len);
	taken = takes(token);
	free(token);
	return taken;
}

/* RFC 8037, appendix A.4. */
TEST(the_example_of_the_standard_is_taken)
{
	static const unsigned char point[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
						0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
						0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
						0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
	char token[] =
		"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
		"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvp"
		"Ar_MuM0KAg";
	EVP_PKEY *public_key = public_of(point), *own = key.public_key;

	key.public_key = public_key;
	assert_true(takes(token));
	token[0] = 'f';
	assert_false(takes(token));
	key.public_key = own;
	EVP_PKEY_free(public_key);
}

static size_t sign(unsigned char signature[2048])
{
	struct signer s = {.private = pair, .algorithm = ALGORITHM_EDDSA};
	struct buf text;
	size_t len;

	begin_token(&text, HEADER, PAYLOAD_7);
	len = sign_bytes(&s, text.data, text.len, signature);
	buf_release(&text);
	return len;
}

/* S and S + L say the same: each signature would have 15 more spellings. */
TEST(s_is_below_the_order)
{
	unsigned char signature[2048];
	BIGNUM *s;

	assert_int_equal(sign(signature), 64);
	assert_true(takes_signature(signature, 64));
	s = BN_lebin2bn(signature + 32, 32, NULL);
	for (int i = 0; i < 15; i++) {
		assert_int_equal(BN_add(s, s, order), 1);
		if (BN_bn2lebinpad(s, signature + 32, 32) == 32)
			assert_false(takes_signature(signature, 64));
	}
	assert_int_equal(BN_bn2lebinpad(order, signature + 32, 32), 32);
	assert_false(takes_signature(signature, 64));
	memset(signature + 32, 0xff, 32);
	assert_false(takes_signature(signature, 64));
	BN_free(s);
}

TEST(a_signature_has_64_bytes)
{
	unsigned char signature[2048];

	(void)sign(signature);
	memset(signature + 64, 0, 64);
	for (size_t len = 0; len < 100; len++)
		assert_true(takes_signature(signature, len) == (len == 64));
	memset(signature, 0, 64);
	assert_false(takes_signature(signature, 64));
}

/* S = ha, and R the neutral point: only who has the key can make it, and gives it away by that. */
static void sign_with_neutral(unsigned char ret_signature[64])
{
	unsigned char seed[32], digest[64], public_key[32];
	size_t seed_len = 32, public_len = 32;
	BIGNUM *a, *h, *s = BN_new();
	struct buf text;

	assert_int_equal(EVP_PKEY_get_raw_private_key(pair, seed, &seed_len), 1);
	assert_int_equal(EVP_PKEY_get_raw_public_key(pair, public_key, &public_len), 1);
	SHA512(seed, 32, digest);
	digest[0] &= 0xf8;
	digest[31] = (digest[31] & 0x7f) | 0x40;
	a = BN_lebin2bn(digest, 32, NULL);
	buf_init(&text);
	buf_append(&text, neutral, 32);
	buf_append(&text, public_key, 32);
	append_base64url(&text, HEADER, strlen(HEADER));
	buf_append_char(&text, '.');
	append_base64url(&text, PAYLOAD_7, strlen(PAYLOAD_7));
	SHA512((const unsigned char *)text.data, text.len, digest);
	h = BN_lebin2bn(digest, 64, NULL);
	assert_int_equal(BN_mod_mul(s, h, a, order, ctx), 1);
	memcpy(ret_signature, neutral, 32);
	assert_int_equal(BN_bn2lebinpad(s, ret_signature + 32, 32), 32);
	buf_release(&text);
	BN_free(a);
	BN_free(h);
	BN_free(s);
}

TEST(a_signature_with_a_point_of_small_order_is_refused_though_libcrypto_takes_it)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned char signature[64];
	struct buf text;

	sign_with_neutral(signature);
	begin_token(&text, HEADER, PAYLOAD_7);
	assert_int_equal(EVP_DigestVerifyInit(md, NULL, NULL, NULL, pair), 1);
	assert_int_equal(
		EVP_DigestVerify(md, signature, 64, (const unsigned char *)text.data, text.len), 1);
	assert_false(takes_signature(signature, 64));
	EVP_MD_CTX_free(md);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_points_of_small_order_are_no_keys),
		cmocka_unit_test(a_point_has_one_spelling),
		cmocka_unit_test(a_key_is_on_the_curve),
		cmocka_unit_test(
			a_key_of_small_order_is_refused_though_libcrypto_would_verify_with_it),
		cmocka_unit_test(the_example_of_the_standard_is_taken),
		cmocka_unit_test(s_is_below_the_order),
		cmocka_unit_test(a_signature_has_64_bytes),
		cmocka_unit_test(
			a_signature_with_a_point_of_small_order_is_refused_though_libcrypto_takes_it),
	};

	return cmocka_run_group_tests(tests, open_curve, close_curve);
}
