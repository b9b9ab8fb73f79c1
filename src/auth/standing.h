/* SPDX-License-Identifier: PostgreSQL */
/*
 * standing.h: does a token that was valid when it came still count? Not after it was revoked, nor
 * after its key was taken away.
 */
#ifndef AUTH_STANDING_H
#define AUTH_STANDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct keyring;
struct revocations;

/* What of a token that depends on. Borrowed texts. */
struct standing {
	const char *jti, *sub; /* NULL: it has none */
	int64_t issued_ms;     /* wall clock; INT64_MIN: unknown */
	uint64_t key_mark;     /* of the key that has verified it; 0: anonymous, no key */
};

MUST_CHECK bool standing_holds(const struct standing *s, const struct keyring *keys,
			       const struct revocations *revocations);

#endif
