/* SPDX-License-Identifier: PostgreSQL */
/* jwk.h: JSON Web Keys made of OpenSSL's, and tokens that these sign. Included last, it brings
 * signer.h. */
#ifndef TESTS_UNIT_JWK_H
#define TESTS_UNIT_JWK_H

#include <jwt.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "auth/keyring.h"

#include "signer.h"

/* ,"name":"base64url of the number", in size bytes; 0: in as many as it needs */
static inline void append_number(struct buf *out, const EVP_PKEY *key, const char *param,
				 const char *name, int size)
{
	unsigned char bytes[2048];
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, param, &number), 1);
	size = size == 0 ? BN_num_bytes(number) : size;
	assert_int_equal(BN_bn2binpad(number, bytes, size), size);
	buf_appendf(out, ",\"%s\":\"", name);
	append_base64url(out, bytes, (size_t)size);
	buf_append_char(out, '"');
	BN_free(number);
}

/* {"kty":…,…} with the members in `more`, such as ",\"kid\":\"a\"". The caller frees it. */
static inline char *jwk_of(const EVP_PKEY *key, const char *more)
{
	int bits = EVP_PKEY_get_bits(key), size = (bits + 7) / 8;
	struct buf out;

	buf_init(&out);
	if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) {
		buf_append_str(&out, "{\"kty\":\"RSA\"");
		append_number(&out, key, OSSL_PKEY_PARAM_RSA_N, "n", 0);
		append_number(&out, key, OSSL_PKEY_PARAM_RSA_E, "e", 0);
	} else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) {
		unsigned char x[32];
		size_t len = sizeof(x);

		assert_int_equal(EVP_PKEY_get_raw_public_key(key, x, &len), 1);
		buf_append_str(&out, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"");
		append_base64url(&out, x, len);
		buf_append_char(&out, '"');
	} else {
		buf_appendf(&out, "{\"kty\":\"EC\",\"crv\":\"P-%d\"", bits);
		append_number(&out, key, OSSL_PKEY_PARAM_EC_PUB_X, "x", size);
		append_number(&out, key, OSSL_PKEY_PARAM_EC_PUB_Y, "y", size);
	}
	buf_appendf(&out, "%s}", more);
	return buf_detach(&out);
}

/* A token of this private key, with sub 7, by the library's own way of signing. */
static inline char *sign_with_library(EVP_PKEY *private, enum algorithm algorithm, const char *kid)
{
	BIO *pem = BIO_new(BIO_s_mem());
	char *bytes, *token;
	jwt_t *jwt;
	long len;

	PEM_write_bio_PrivateKey(pem, private, NULL, NULL, 0, NULL, NULL);
	len = BIO_get_mem_data(pem, &bytes);
	assert_int_equal(jwt_new(&jwt), 0);
	assert_int_equal(jwt_add_grant(jwt, "sub", "7"), 0);
	assert_int_equal(jwt_add_grant_int(jwt, "exp", NOW_S + 100), 0);
	if (kid != NULL)
		assert_int_equal(jwt_add_header(jwt, "kid", kid), 0);
	assert_int_equal(jwt_set_alg(jwt, jwt_str_alg(algorithm_name(algorithm)),
				     (unsigned char *)bytes, (int)len),
			 0);
	token = jwt_encode_str(jwt);
	assert_non_null(token);
	jwt_free(jwt);
	BIO_free(pem);
	return token;
}

/* The same, by libjwt where it can. */
static inline char *sign_with(EVP_PKEY *private, enum algorithm algorithm, const char *kid)
{
	char header[100];

	if (ALGORITHM_SET(algorithm) & (ALGORITHMS_RS | ALGORITHMS_ES))
		return sign_with_library(private, algorithm, kid);
	snprintf(header, sizeof(header), "{\"alg\":\"%s\"%s%s%s}", algorithm_name(algorithm),
		 kid == NULL ? "" : ",\"kid\":\"", kid == NULL ? "" : kid, kid == NULL ? "" : "\"");
	return sign_text(private, algorithm, header, PAYLOAD_7);
}

static inline bool ring_takes(const struct keyring *ring, const char *token)
{
	struct token_options options = {.keys = ring};
	struct identity identity;
	const char *why;

	if (!token_verify(&options, token, NOW_S * 1000, &identity, &why))
		return false;
	identity_release(&identity);
	return true;
}

#endif
