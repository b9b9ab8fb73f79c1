/* SPDX-License-Identifier: PostgreSQL */
/*
 * standing.h: does a token that was valid when it came still count? A token that is revoked counts
 * no more. The same is true of a token whose key was taken away.
 */
#ifndef AUTH_STANDING_H
#define AUTH_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct keyring;
struct revocations;

/* What the answer depends on. The texts are borrowed from the token. */
struct standing {
	const char *jti, *sub; /* NULL if it has none */
	int64_t issued_ms;     /* wall clock; INT64_MIN if unknown */
	uint64_t key_mark;     /* of the key that has verified it; 0 if anonymous, with no key */
};

/* Was the token itself, or its subject, revoked? For this moment of the wall clock, as below. */
MUST_CHECK bool standing_is_revoked(const struct standing *s,
				    const struct revocations *revocations);

/* False if it is revoked, or its key was taken away. */
MUST_CHECK bool standing_holds(const struct standing *s, const struct keyring *keys,
			       const struct revocations *revocations);

#endif
