/* SPDX-License-Identifier: PostgreSQL */
/*
 * revocations.h: the tokens that are no longer accepted. It is a copy in memory of
 * herald.revocations, because the gate asks at every request. The part that follows the log adds
 * new rows here.
 *
 * A revocation is kept for at least a day after its time has passed. The log does not tell when a
 * time has passed, and clocks are set at times.
 */
#ifndef AUTH_REVOCATIONS_H
#define AUTH_REVOCATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strmap.h"
#include "base/text.h"

struct revocations {
	struct strmap jtis, subs; /* to struct revocation, owned */
	size_t most; /* with so many of them, those that can be forgotten are looked for */
};

void revocations_init(struct revocations *r);
void revocations_release(struct revocations *r);

/*
 * Adds one row in the form of herald.revocation_data. The time now_ms is by the wall clock.
 * *ret_sub is the subject that the row is about, owned by `r`. It is NULL if the row is about one
 * token. False if the text is no such row.
 */
bool revocations_add(struct revocations *r, struct text row, int64_t now_ms, const char **ret_sub);

/*
 * True if the token is revoked at now_ms. If the token has no jti or sub, it is NULL. An issued_ms
 * that is unknown is INT64_MIN. Both times are by the wall clock.
 */
bool revocations_have(const struct revocations *r, const char *jti, const char *sub,
		      int64_t issued_ms, int64_t now_ms);

#endif
