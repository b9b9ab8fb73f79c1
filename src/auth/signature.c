/* SPDX-License-Identifier: PostgreSQL */
#include "auth/signature.h"

#include <jwt.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/base64.h"
#include "auth/ed25519.h"
#include "auth/key.h"

bool signature_read(struct signature *s, const char *token)
{
	const char *text = strrchr(token, '.') + 1;
	size_t len = strlen(text);

	s->token = token;
	s->text_len = (size_t)(text - token) - 1;
	return BASE64_ROOM(len) <= sizeof(s->bytes) &&
	       base64url_decode(text, len, s->bytes, &s->len);
}

static bool is_of(const struct signature *s, unsigned set)
{
	return (ALGORITHM_SET(s->algorithm) & set) != 0;
}

/* Everybody has the bytes of a public key. So these are never a secret, whatever its set says. */
static bool is_for(const struct key *key, const struct signature *s)
{
	return is_of(s, key->algorithms) && is_of(s, ALGORITHMS_HS) == (key->public_key == NULL);
}

/*
 * Of one key all signatures have one length. libcrypto would take a PS signature without its zeros
 * at the front.
 */
static bool has_length(const struct signature *s, const struct key *key)
{
	int len = key->public_key == NULL   ? EVP_MD_get_size(algorithm_hash(s->algorithm))
		  : is_of(s, ALGORITHMS_ES) ? (EVP_PKEY_get_bits(key->public_key) + 7) / 8 * 2
					    : EVP_PKEY_get_size(key->public_key);

	return len > 0 && s->len == (size_t)len;
}

/* --- libjwt --- */

static bool libjwt_can(const struct signature *s)
{
	return !s->access && is_of(s, ALGORITHMS_HS | ALGORITHMS_RS | ALGORITHMS_ES);
}

static bool libjwt_verifies(const struct signature *s, const struct key *key)
{
	jwt_t *jwt = NULL;
	bool good = jwt_decode(&jwt, s->token, key->bytes, (int)key->len) == 0 &&
		    jwt_get_alg(jwt) == jwt_str_alg(algorithm_name(s->algorithm));

	jwt_free(jwt);
	return good;
}

/* --- libcrypto --- */

static bool has_mac(const struct signature *s, const struct key *key)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return HMAC(algorithm_hash(s->algorithm), key->bytes, (int)key->len,
		    (const unsigned char *)s->token, s->text_len, mac, &len) != NULL &&
	       len == s->len && CRYPTO_memcmp(mac, s->bytes, len) == 0;
}

/* PS asks for a salt as long as the hash, and for the same hash within (RFC 7518 3.5). */
static bool set_padding(const struct signature *s, EVP_PKEY_CTX *ctx)
{
	return !is_of(s, ALGORITHMS_PS) ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, algorithm_hash(s->algorithm)) == 1 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static bool libcrypto_says_yes(const struct signature *s, EVP_PKEY *key, const unsigned char *bytes,
			       size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx; /* a part of ctx */
	bool good =
		ctx != NULL &&
		EVP_DigestVerifyInit(ctx, &key_ctx, algorithm_hash(s->algorithm), NULL, key) == 1 &&
		set_padding(s, key_ctx) &&
		EVP_DigestVerify(ctx, bytes, len, (const unsigned char *)s->token, s->text_len) ==
			1;

	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}

/* libcrypto wants both numbers of an ES signature in DER. A token has them side by side. */
static bool has_two_numbers(const struct signature *s, EVP_PKEY *key)
{
	int half = (int)s->len / 2, len = 0;
	BIGNUM *first = BN_bin2bn(s->bytes, half, NULL),
	       *second = BN_bin2bn(s->bytes + half, half, NULL);
	ECDSA_SIG *both = ECDSA_SIG_new();
	unsigned char *der = NULL;
	bool good = false;

	if (first != NULL && second != NULL && both != NULL &&
	    ECDSA_SIG_set0(both, first, second) == 1) {
		first = second = NULL; /* a part of both */
		len = i2d_ECDSA_SIG(both, &der);
	}
	if (len > 0)
		good = libcrypto_says_yes(s, key, der, (size_t)len);
	OPENSSL_free(der);
	ECDSA_SIG_free(both);
	BN_free(first);
	BN_free(second);
	return good;
}

static bool libcrypto_verifies(const struct signature *s, const struct key *key)
{
	if (key->public_key == NULL)
		return has_mac(s, key);
	if (is_of(s, ALGORITHMS_ES))
		return has_two_numbers(s, key->public_key);
	if (s->algorithm == ALGORITHM_EDDSA && !ed25519_is_usual(s->bytes))
		return false;
	return libcrypto_says_yes(s, key->public_key, s->bytes, s->len);
}

bool signature_is_by(const struct signature *s, const struct key *key)
{
	if (!is_for(key, s) || !has_length(s, key))
		return false;
	return libjwt_can(s) ? libjwt_verifies(s, key) : libcrypto_verifies(s, key);
}
