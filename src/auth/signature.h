/* SPDX-License-Identifier: PostgreSQL */
/*
 * signature.h: has this key signed that token? Two libraries can say so, and one function asks the
 * right one.
 *
 * - libjwt says it of HS, RS and ES.
 * - libcrypto says it of PS and EdDSA, and of each access token (typ at+jwt). libjwt 1.10.2 knows
 *   none of them. libjwt 1.17 would take a PS signature whose salt has a wrong length.
 *
 * The same is asked of both: one spelling, and the exact length. A signature that is zero, or not
 * below the order of the curve or the modulus, is refused by the libraries.
 */
#ifndef AUTH_SIGNATURE_H
#define AUTH_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"
#include "auth/algorithm.h"

#define SIGNATURE_MAX 2048 /* bytes; that of the longest RSA key */

struct key;
struct token_header;

/* The signature of a token, and what its header says of it. */
struct signature {
	const char *token; /* well-formed; borrowed */
	size_t text_len;   /* of what is signed: header and payload with the dot between */
	enum algorithm algorithm;
	bool access;
	unsigned char bytes[SIGNATURE_MAX + 3];
	size_t len;
};

/*
 * Takes it out of the token. False if its text is no base64url in the one spelling, or is too long
 * for any key.
 */
MUST_CHECK bool signature_read(struct signature *s, const char *token);

/* False too if the key is not for the algorithm. */
MUST_CHECK bool signature_is_by(const struct signature *s, const struct key *key);

#endif
