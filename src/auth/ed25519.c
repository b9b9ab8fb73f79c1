/* SPDX-License-Identifier: PostgreSQL */
#include "auth/ed25519.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <string.h>

#include "base/base.h"

/* Numbers of the curve, in hexadecimal digits: the field's prime, and d of its equation. */
#define PRIME "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed"
#define CURVE_D "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3"

/*
 * The y of the eight points of small order: 0, 1, -1, and two of order 8. As in a point, the lowest
 * byte comes first.
 */
static const unsigned char small_orders[][ED25519_BYTES] = {
	{0},
	{1},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
	 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
	 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}};

/* The y of a point, without the bit that is the sign of its x. */
static void y_of(const unsigned char point[ED25519_BYTES], unsigned char ret_y[ED25519_BYTES])
{
	memcpy(ret_y, point, ED25519_BYTES);
	ret_y[ED25519_BYTES - 1] &= 0x7f;
}

/* True if y is below the prime, which is 2^255 - 19. Otherwise it is a second spelling. */
static bool is_canonical(const unsigned char y[ED25519_BYTES])
{
	if (y[0] < 0xed || y[ED25519_BYTES - 1] != 0x7f)
		return true;
	for (int i = 1; i < ED25519_BYTES - 1; i++)
		if (y[i] != 0xff)
			return true;
	return false;
}

bool ed25519_is_usual(const unsigned char point[ED25519_BYTES])
{
	unsigned char y[ED25519_BYTES];

	y_of(point, y);
	for (size_t i = 0; i < ARRAY_SIZE(small_orders); i++)
		if (memcmp(small_orders[i], y, ED25519_BYTES) == 0)
			return false;
	return is_canonical(y);
}

/*
 * x² is (y² - 1) / (dy² + 1). That is a square if the product of both is one. The result is 1 for a
 * square, and -1 for none.
 */
static int kronecker(const BIGNUM *y, const BIGNUM *d, const BIGNUM *prime, BN_CTX *ctx)
{
	BIGNUM *square = BN_new(), *over = BN_new();
	int result = 0;

	if (square != NULL && over != NULL && BN_mod_sqr(square, y, prime, ctx) == 1 &&
	    BN_mod_mul(over, square, d, prime, ctx) == 1 && BN_add_word(over, 1) == 1 &&
	    BN_add(square, square, prime) == 1 && BN_sub_word(square, 1) == 1 &&
	    BN_mod_mul(square, square, over, prime, ctx) == 1)
		result = BN_kronecker(square, prime, ctx);
	BN_free(square);
	BN_free(over);
	return result;
}

static bool is_on_curve(const unsigned char point[ED25519_BYTES])
{
	BIGNUM *prime = NULL, *d = NULL, *y;
	BN_CTX *ctx = BN_CTX_new();
	unsigned char bytes[ED25519_BYTES];
	bool on_curve;

	y_of(point, bytes);
	y = BN_lebin2bn(bytes, ED25519_BYTES, NULL);
	on_curve = ctx != NULL && y != NULL && BN_hex2bn(&prime, PRIME) > 0 &&
		   BN_hex2bn(&d, CURVE_D) > 0 && kronecker(y, d, prime, ctx) == 1;
	BN_free(prime);
	BN_free(d);
	BN_free(y);
	BN_CTX_free(ctx);
	ERR_clear_error();
	return on_curve;
}

bool ed25519_is_key(const unsigned char point[ED25519_BYTES])
{
	return ed25519_is_usual(point) && is_on_curve(point);
}
