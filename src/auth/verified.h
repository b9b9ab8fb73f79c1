/* SPDX-License-Identifier: PostgreSQL */
/*
 * verified.h: the signatures that were found good lately. For each token, libjwt reads the PEM text
 * of an RS or ES key again. OpenSSL 3 takes 0.3 ms for that, three times the rest of opening a
 * stream. A page that comes back brings the same token.
 *
 * Only one thing is remembered: this token's signature is good under that key. Header, claims and
 * times are checked each time. A key that was taken away is never asked for.
 *
 * An entry is the SHA-256 of the token. A token with a bad signature gets no entry, so bad tokens
 * cannot push others out. The size is fixed, and nothing is allocated.
 */
#ifndef AUTH_VERIFIED_H
#define AUTH_VERIFIED_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/digest.h"

#define VERIFIED_SETS 4096 /* a power of 2; 320 KiB with two slots each */

struct verified_slot {
	unsigned char digest[DIGEST_BYTES];
	uint64_t mark; /* of the key; 0 if the slot is empty */
};

struct verified {
	struct verified_slot slots[VERIFIED_SETS][2]; /* the newer one first */
};

/*
 * True if the signature was found good under the key with this mark. Adding pushes out the older of
 * the two entries of a set.
 */
bool verified_has(const struct verified *v, const unsigned char digest[DIGEST_BYTES],
		  uint64_t mark);
void verified_add(struct verified *v, const unsigned char digest[DIGEST_BYTES], uint64_t mark);

#endif
