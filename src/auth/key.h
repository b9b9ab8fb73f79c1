/* SPDX-License-Identifier: PostgreSQL */
/*
 * key.h: one key that verifies tokens, and the one algorithm that it is for (RFC 8725 3.1). A key
 * that is too weak, or is no public key, is refused when it is made. The library does not protect
 * us. libjwt 1.10.2 has these faults:
 *
 * - It takes an empty key as leave to accept every token.
 * - It takes RSA of 512 bits.
 * - It takes any curve for ES256.
 *
 * A function that fails appends one sentence to `why`. The sentence says what is wrong and what to
 * do. It does not name the file.
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

#define KEY_HMAC_MIN 32        /* bytes; a longer hash asks for as many as it has (RFC 7518 3.2) */
#define KEY_RSA_BITS_MIN 2048  /* RFC 7518 3.3 */
#define KEY_RSA_BITS_MAX 16384 /* the longest that OpenSSL verifies with */

struct key {
	char *kid;           /* owned; NULL if it has none */
	jwt_alg_t algorithm; /* the only one that it is for */
	/* owned, in libjwt's form: the secret, or the public key in PEM form */
	unsigned char *bytes;
	size_t len;
	/* made of algorithm and bytes, so it is the same when the key is loaded again; never 0 */
	uint64_t mark;
};

/*
 * What a kind of key is good for. This is a family of algorithms, or for EC the one that fits the
 * curve.
 */
struct key_kind {
	jwt_alg_t first, last, usual;
};

#define KEY_KIND_HMAC ((struct key_kind){JWT_ALG_HS256, JWT_ALG_HS512, JWT_ALG_HS256})

/* "HS256" to "ES512", in exactly this spelling (RFC 7515 4.1.1). False for any other name. */
MUST_CHECK bool key_algorithm_parse(const char *name, jwt_alg_t *ret_algorithm);
bool key_is_secret(const struct key *k); /* of HS: whoever knows it can sign */

/*
 * False if the key is neither RSA nor on one of the three curves. False too if an RSA key has a
 * wrong size.
 */
MUST_CHECK bool key_kind_of(EVP_PKEY *public_key, struct key_kind *ret_kind, struct buf *why);

/*
 * These three make a key of what the caller lends. With JWT_ALG_NONE as `wanted`, the kind chooses
 * the algorithm. The caller releases the key.
 */
MUST_CHECK bool key_from_secret(struct key *k, const void *bytes, size_t len, jwt_alg_t wanted,
				struct buf *why);
MUST_CHECK bool key_from_public(struct key *k, EVP_PKEY *public_key, jwt_alg_t wanted,
				struct buf *why);
MUST_CHECK bool key_from_pem(struct key *k, const char *pem, size_t len, jwt_alg_t wanted,
			     struct buf *why);
void key_release(struct key *k); /* wipes it */

#endif
