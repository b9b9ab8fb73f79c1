/* SPDX-License-Identifier: PostgreSQL */
#include "auth/jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/xalloc.h"

/* Says why, and has the value `what`. */
#define leave(what, why, ...) (buf_appendf((why), __VA_ARGS__), (what))

static struct json_object *member(struct json_object *jwk, const char *name)
{
	struct json_object *value = NULL;

	json_object_object_get_ex(jwk, name, &value);
	return value;
}

/* NULL if it is not there or is no string. */
static const char *text_of(struct json_object *jwk, const char *name)
{
	struct json_object *value = member(jwk, name);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/*
 * The bytes that a member has in base64url. The caller gives them to release_bytes. NULL if there
 * are none.
 */
static unsigned char *bytes_of(struct json_object *jwk, const char *name, size_t *ret_len)
{
	const char *text = text_of(jwk, name);
	size_t text_len = text == NULL ? 0 : strlen(text);
	unsigned char *bytes = xcalloc(1, BASE64_ROOM(text_len));

	if (text_len > 0 && base64url_decode(text, text_len, bytes, ret_len))
		return bytes;
	explicit_bzero(bytes, BASE64_ROOM(text_len));
	free(bytes);
	*ret_len = 0;
	return NULL;
}

static void release_bytes(unsigned char *bytes, size_t len)
{
	if (bytes != NULL)
		explicit_bzero(bytes, len);
	free(bytes);
}

static bool may_verify(struct json_object *jwk)
{
	struct json_object *use = member(jwk, "use"), *ops = member(jwk, "key_ops");
	bool verify = ops == NULL;

	if (use != NULL && (!json_object_is_type(use, json_type_string) ||
			    strcmp(json_object_get_string(use), "sig") != 0))
		return false;
	for (size_t i = 0;
	     json_object_is_type(ops, json_type_array) && i < json_object_array_length(ops); i++) {
		struct json_object *op = json_object_array_get_idx(ops, i);

		verify = verify || (json_object_is_type(op, json_type_string) &&
				    strcmp(json_object_get_string(op), "verify") == 0);
	}
	return verify;
}

/* The algorithm that the key names, else the configured one if it is of the key's kind. */
static enum algorithm wanted_algorithm(struct json_object *jwk, struct key_kind kind,
				       enum algorithm usual)
{
	const char *alg = text_of(jwk, "alg");
	enum algorithm wanted;

	if (alg != NULL && algorithm_parse(alg, &wanted))
		return wanted;
	return ALGORITHM_SET(usual) & kind.possible ? usual : ALGORITHM_ANY;
}

static enum jwk read_oct(struct json_object *jwk, enum algorithm usual, struct key *ret_key,
			 struct buf *why)
{
	size_t len;
	unsigned char *secret = bytes_of(jwk, "k", &len);
	bool good =
		secret != NULL && key_from_secret(ret_key, secret, len,
						  wanted_algorithm(jwk, KEY_KIND_HMAC, usual), why);

	if (secret == NULL)
		buf_appendf(why, "its k is missing or not base64url without padding");
	release_bytes(secret, len);
	return good ? JWK_TAKEN : JWK_WRONG;
}

/* --- public keys, by way of OpenSSL --- */

/* NULL if the numbers are not those of a key. */
static EVP_PKEY *make_public(const char *type, OSSL_PARAM_BLD *build)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1 ||
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	OSSL_PARAM_free(params);
	ERR_clear_error();
	return key;
}

static EVP_PKEY *rsa_key(struct json_object *jwk)
{
	size_t n_len, e_len;
	unsigned char *n = bytes_of(jwk, "n", &n_len), *e = bytes_of(jwk, "e", &e_len);
	BIGNUM *modulus = n == NULL ? NULL : BN_bin2bn(n, (int)n_len, NULL);
	BIGNUM *exponent = e == NULL ? NULL : BN_bin2bn(e, (int)e_len, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (modulus != NULL && exponent != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
		key = make_public("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(modulus);
	BN_free(exponent);
	release_bytes(n, n_len);
	release_bytes(e, e_len);
	return key;
}

struct curve {
	const char *crv, *group;
	size_t size; /* of a coordinate, in bytes; no other size is allowed (RFC 7518 6.2.1.2) */
};

static const struct curve *find_curve(const char *crv)
{
	static const struct curve curves[] = {{"P-256", "prime256v1", 32},
					      {"P-384", "secp384r1", 48},
					      {"P-521", "secp521r1", 66}};

	for (size_t i = 0; crv != NULL && i < ARRAY_SIZE(curves); i++)
		if (strcmp(curves[i].crv, crv) == 0)
			return &curves[i];
	return NULL;
}

static EVP_PKEY *ec_key(struct json_object *jwk, const struct curve *curve)
{
	unsigned char point[1 + 2 * 66] = {4}; /* uncompressed (SEC 1 2.3.3) */
	size_t x_len, y_len;
	unsigned char *x = bytes_of(jwk, "x", &x_len), *y = bytes_of(jwk, "y", &y_len);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	if (x != NULL && y != NULL && x_len == curve->size && y_len == curve->size) {
		memcpy(point + 1, x, x_len);
		memcpy(point + 1 + x_len, y, y_len);
		if (OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curve->group,
						    0) == 1 &&
		    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point,
						     1 + x_len + y_len) == 1)
			key = make_public("EC", build);
	}
	OSSL_PARAM_BLD_free(build);
	release_bytes(x, x_len);
	release_bytes(y, y_len);
	return key;
}

static EVP_PKEY *ed25519_key(struct json_object *jwk)
{
	size_t x_len;
	unsigned char *x = bytes_of(jwk, "x", &x_len);
	EVP_PKEY *key =
		x == NULL ? NULL : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, x_len);

	release_bytes(x, x_len);
	ERR_clear_error();
	return key;
}

/* Takes over the public key. NULL means that it could not be made. */
static enum jwk take_public(struct json_object *jwk, EVP_PKEY *public_key, enum algorithm usual,
			    struct key *ret_key, struct buf *why)
{
	struct key_kind kind;
	bool good;

	if (public_key == NULL)
		return leave(JWK_WRONG, why,
			     "its numbers are missing, not base64url without padding, or not those "
			     "of a key");
	good = key_kind_of(public_key, &kind, why) &&
	       key_from_public(ret_key, public_key, wanted_algorithm(jwk, kind, usual), why);
	EVP_PKEY_free(public_key);
	return good ? JWK_TAKEN : JWK_WRONG;
}

static enum jwk read_key(struct json_object *jwk, const char *kty, enum algorithm usual,
			 struct key *ret_key, struct buf *why)
{
	const char *crv = text_of(jwk, "crv");

	if (strcmp(kty, "oct") == 0)
		return read_oct(jwk, usual, ret_key, why);
	if (strcmp(kty, "RSA") == 0)
		return take_public(jwk, rsa_key(jwk), usual, ret_key, why);
	if (strcmp(kty, "OKP") == 0)
		return crv != NULL && strcmp(crv, "Ed25519") == 0
			       ? take_public(jwk, ed25519_key(jwk), usual, ret_key, why)
			       : leave(JWK_OTHER, why, "its crv is not Ed25519");
	if (strcmp(kty, "EC") != 0)
		return leave(JWK_OTHER, why, "its kty is not oct, RSA, EC or OKP");
	if (find_curve(crv) == NULL)
		return leave(JWK_OTHER, why, "its crv is not P-256, P-384 or P-521");
	return take_public(jwk, ec_key(jwk, find_curve(crv)), usual, ret_key, why);
}

enum jwk jwk_read(struct json_object *jwk, enum algorithm usual, struct key *ret_key,
		  struct buf *why)
{
	const char *kty = text_of(jwk, "kty"), *alg = text_of(jwk, "alg"),
		   *kid = text_of(jwk, "kid");
	enum algorithm known;
	enum jwk result;

	*ret_key = (struct key){.bytes = NULL};
	if (kty == NULL)
		return leave(JWK_WRONG, why, "it has no kty, so it is no JSON Web Key");
	if (member(jwk, "d") != NULL)
		return leave(JWK_WRONG, why,
			     "it has its private part (d): give the public key only, and keep the "
			     "private one elsewhere");
	if (!may_verify(jwk))
		return leave(JWK_OTHER, why, "its use is not sig, or its key_ops have no verify");
	if (member(jwk, "alg") != NULL && (alg == NULL || !algorithm_parse(alg, &known)))
		return leave(JWK_OTHER, why, "its alg is not " ALGORITHM_NAMES);
	if (member(jwk, "kid") != NULL &&
	    (kid == NULL || kid[0] == '\0' || strlen(kid) > JWK_KID_MAX))
		return leave(JWK_WRONG, why, "its kid is not a text of 1 to %d bytes", JWK_KID_MAX);
	result = read_key(jwk, kty, usual, ret_key, why);
	if (result == JWK_TAKEN && kid != NULL)
		ret_key->kid = xstrdup(kid);
	return result;
}
