/* SPDX-License-Identifier: PostgreSQL */
/*
 * verified.h: which signatures were found good lately. For RS and ES tokens libjwt reads the key's
 * PEM text anew each time and OpenSSL 3 takes 0.3 ms for it, three times what all else of opening a
 * stream costs; a page that comes back brings the same token. Remembered is only that this token's
 * signature is good under that key: header, claims and times are looked at anew, and a key that is
 * gone is asked for no more. What is remembered is the SHA-256 of the token. A token without a good
 * signature is not, so that nobody can push others out with bad ones. Fixed size, no allocation.
 */
#ifndef AUTH_VERIFIED_H
#define AUTH_VERIFIED_H

#include <stdbool.h>
#include <stdint.h>

#include "auth/digest.h"

#define VERIFIED_SETS 4096 /* a power of 2; two slots each: 320 kB */

struct verified_slot {
	unsigned char digest[DIGEST_BYTES];
	uint64_t mark; /* of the key; 0: the slot is empty */
};

struct verified {
	struct verified_slot slots[VERIFIED_SETS][2]; /* the newer one first */
};

bool verified_has(const struct verified *v, const unsigned char digest[DIGEST_BYTES],
		  uint64_t mark);
void verified_add(struct verified *v, const unsigned char digest[DIGEST_BYTES], uint64_t mark);

#endif
