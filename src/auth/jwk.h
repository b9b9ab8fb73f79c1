/* SPDX-License-Identifier: PostgreSQL */
/* jwk.h: one JSON Web Key (RFC 7517) as a key of ours: oct, RSA, and EC of curve P-256, P-384,
 * P-521. */
#ifndef AUTH_JWK_H
#define AUTH_JWK_H

#include <json-c/json.h>

#include "auth/key.h"

#define JWK_KID_MAX 200 /* bytes */

enum jwk {
	JWK_TAKEN,
	JWK_OTHER, /* nothing that verifies tokens here: to be left out with a warning (RFC 7517 5)
		    */
	JWK_WRONG,
};

/*
 * The key, for the caller to release, where it is taken; else `why` has a sentence more. usual: the
 * algorithm of a key that says none, if it is of that kind; JWT_ALG_NONE: by the kind.
 */
MUST_CHECK enum jwk jwk_read(struct json_object *jwk, jwt_alg_t usual, struct key *ret_key,
			     struct buf *why);

#endif
