/* SPDX-License-Identifier: PostgreSQL */
/*
 * revocations.h: tokens that are not accepted any more, as herald.revocations says, in memory: the gate asks at every
 * request. Whoever follows the log keeps them up to date; here they are only kept.
 */
#ifndef HTTP_REVOCATIONS_H
#define HTTP_REVOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strmap.h"
#include "hub/event.h"

struct revocations {
	struct strmap jtis, subs; /* -> struct revocation, owned */
};

void revocations_init(struct revocations *r);
void revocations_release(struct revocations *r);

/* One row as herald.revocation_data writes it. False: it is none. *ret_sub: whom it is about, owned by r; NULL: one token. */
bool revocations_add(struct revocations *r, struct text row, const char **ret_sub);

/* Is a token with this jti (NULL: none), of this subject (NULL: none), issued at that time (INT64_MIN: unknown) revoked now? */
bool revocations_have(const struct revocations *r, const char *jti, const char *sub, int64_t issued_ms, int64_t now_ms);

#endif
