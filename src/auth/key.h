/* SPDX-License-Identifier: PostgreSQL */
/*
 * key.h: one key that verifies tokens, and the algorithms that it is for. The kind of the key
 * limits them, and the configuration or the key's own word may choose one (RFC 8725 3.1). No token
 * has a say in that.
 *
 * A key that is too weak, or is no public key, is refused when it is made. The library does not
 * protect us. libjwt 1.10.2 has these faults:
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

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"
#include "auth/algorithm.h"

#define KEY_RSA_BITS_MIN 2048  /* RFC 7518 3.3 */
#define KEY_RSA_BITS_MAX 16384 /* the longest that OpenSSL verifies with */

struct key {
	char *kid;           /* owned; NULL if it has none */
	unsigned algorithms; /* the set that it is for */
	/* owned, in libjwt's form: the secret, or the public key in PEM form */
	unsigned char *bytes;
	size_t len;
	/* made of algorithms and bytes, so it is the same when the key is loaded again; never 0 */
	uint64_t mark;
	EVP_PKEY *public_key; /* owned, in OpenSSL's form; NULL if it is a secret */
};

/*
 * What a kind of key is good for, and what a key of this kind is for if none is named. Both are
 * sets.
 */
struct key_kind {
	unsigned possible, usual;
};

#define KEY_KIND_HMAC ((struct key_kind){ALGORITHMS_HS, ALGORITHM_SET(ALGORITHM_HS256)})

bool key_is_secret(const struct key *k); /* of HS: whoever knows it can sign */

/*
 * False if the key is neither RSA nor on one of our curves. False too if an RSA key has a wrong
 * size.
 */
MUST_CHECK bool key_kind_of(EVP_PKEY *public_key, struct key_kind *ret_kind, struct buf *why);

/*
 * These three make a key of what the caller lends. With ALGORITHM_ANY as `wanted`, the kind
 * chooses. The caller releases the key.
 */
MUST_CHECK bool key_from_secret(struct key *k, const void *bytes, size_t len, enum algorithm wanted,
				struct buf *why);
MUST_CHECK bool key_from_public(struct key *k, EVP_PKEY *public_key, enum algorithm wanted,
				struct buf *why);
MUST_CHECK bool key_from_pem(struct key *k, const char *pem, size_t len, enum algorithm wanted,
			     struct buf *why);
void key_release(struct key *k); /* wipes it */

#endif
