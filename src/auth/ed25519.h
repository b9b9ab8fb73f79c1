/* SPDX-License-Identifier: PostgreSQL */
/*
 * ed25519.h: is it a point that an honest key or signature has (RFC 8032 5.1)? OpenSSL verifies
 * with any 32 bytes as the key. With one of the few points of small order as the key, one signature
 * is good for every eighth text, whoever made it. So such a point is no key here.
 */
#ifndef AUTH_ED25519_H
#define AUTH_ED25519_H

#include <stdbool.h>

#define ED25519_BYTES 32     /* of a point */
#define ED25519_SIGNATURE 64 /* bytes: the point R, then the number S */

/* True if a signature may have this point: its only spelling, and not of small order. */
bool ed25519_is_usual(const unsigned char point[ED25519_BYTES]);

/* The same for a public key. It must be on the curve, too. */
bool ed25519_is_key(const unsigned char point[ED25519_BYTES]);

#endif
