/* SPDX-License-Identifier: PostgreSQL */
/*
 * revocations.h: tokens that are not accepted any more, as herald.revocations says, in memory: the
 * gate asks at every request. Whoever follows the log keeps them up to date; here they are only
 * kept, and forgotten a day after their time has passed: the log does not tell that, and clocks are
 * set at times.
 */
#ifndef AUTH_REVOCATIONS_H
#define AUTH_REVOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strmap.h"
#include "base/text.h"

struct revocations {
	struct strmap jtis, subs; /* -> struct revocation, owned */
	size_t most; /* with so many of them those are looked for that can be forgotten */
};

void revocations_init(struct revocations *r);
void revocations_release(struct revocations *r);

/* One row as herald.revocation_data writes it. False: it is none. *ret_sub: whom it is about, owned
 * by r; NULL: one token. now_ms: wall clock, as below. */
bool revocations_add(struct revocations *r, struct text row, int64_t now_ms, const char **ret_sub);

/* Is a token with this jti (NULL: none), of this subject (NULL: none), issued at that time
 * (INT64_MIN: unknown) revoked now? */
bool revocations_have(const struct revocations *r, const char *jti, const char *sub,
		      int64_t issued_ms, int64_t now_ms);

#endif
