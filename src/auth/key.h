/* SPDX-License-Identifier: PostgreSQL */
/*
 * key.h: one key that tokens are verified with, and the one algorithm it is for (RFC 8725 3.1).
 * What is too weak or no public key is refused when it is made: libjwt 1.10.2 takes an empty key as
 * leave to accept every token, RSA of 512 bits, and any curve for ES256. Where a function fails it
 * appends to `why` what is wrong and what to do, a sentence without the file's name.
 */
#ifndef AUTH_KEY_H
#define AUTH_KEY_H

#include <jwt.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"

#define KEY_HMAC_MIN 32        /* bytes, and never fewer than the hash has: RFC 7518 3.2 */
#define KEY_RSA_BITS_MIN 2048  /* RFC 7518 3.3 */
#define KEY_RSA_BITS_MAX 16384 /* what OpenSSL verifies with */

struct key {
	char *kid;           /* owned; NULL: it has none */
	jwt_alg_t algorithm; /* the only one that it is for */
	/* owned; as libjwt takes them: the secret, or the public key in PEM form */
	unsigned char *bytes;
	size_t len;
	/* says which key it is, also when it is loaded anew; of algorithm and bytes, never 0 */
	uint64_t mark;
};

/* What a kind of key is good for: a family of algorithms, and for EC the one that fits the curve.
 */
struct key_kind {
	jwt_alg_t first, last, usual;
};

#define KEY_KIND_HMAC ((struct key_kind){JWT_ALG_HS256, JWT_ALG_HS512, JWT_ALG_HS256})

/* "HS256" to "ES512", in just this spelling (RFC 7515 4.1.1). */
MUST_CHECK bool key_algorithm_parse(const char *name, jwt_alg_t *ret_algorithm);
bool key_is_secret(const struct key *k); /* of HS: who knows it can sign */

MUST_CHECK bool key_kind_of(EVP_PKEY *public_key, struct key_kind *ret_kind, struct buf *why);

/* A key from what is lent; wanted JWT_ALG_NONE: by the kind. The caller releases it. */
MUST_CHECK bool key_from_secret(struct key *k, const void *bytes, size_t len, jwt_alg_t wanted,
				struct buf *why);
MUST_CHECK bool key_from_public(struct key *k, EVP_PKEY *public_key, jwt_alg_t wanted,
				struct buf *why);
MUST_CHECK bool key_from_pem(struct key *k, const char *pem, size_t len, jwt_alg_t wanted,
			     struct buf *why);
void key_release(struct key *k); /* wipes it */

#endif
