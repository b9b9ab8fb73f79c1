/* SPDX-License-Identifier: PostgreSQL */
/*
 * jwk.h: reads one JSON Web Key (RFC 7517) into a key of ours. It takes oct, RSA, EC on the curves
 * P-256, P-384 and P-521, and OKP on Ed25519 (RFC 8037).
 */
#ifndef AUTH_JWK_H
#define AUTH_JWK_H

#include <json-c/json.h>

#include "auth/key.h"

#define JWK_KID_MAX 200 /* bytes */

enum jwk {
	JWK_TAKEN,
	/* it verifies no tokens here; the caller leaves it out with a warning (RFC 7517 5) */
	JWK_OTHER,
	JWK_WRONG,
};

/*
 * Reads the key. With JWK_TAKEN the caller releases *ret_key. Otherwise a sentence is appended to
 * `why`. `usual` is the algorithm of a key of that kind that names none. With ALGORITHM_ANY the
 * kind decides.
 */
MUST_CHECK enum jwk jwk_read(struct json_object *jwk, enum algorithm usual, struct key *ret_key,
			     struct buf *why);

#endif
