/* SPDX-License-Identifier: PostgreSQL */
/*
 * holder.h: what a connection keeps of its token while it is open.
 *
 * A connection needs it for three things:
 *
 *   - to end in time;
 *   - to ask again whether it may go on;
 *   - to go on with another token.
 *
 * A holder owns its strings.
 */
#ifndef OUTLET_HOLDER_H
#define OUTLET_HOLDER_H

#include <stdint.h>

#include "auth/identity.h"

struct holder {
	char *user;                 /* the token's sub; NULL if anonymous */
	char *jti;                  /* NULL if the token has none */
	char *claims;               /* JSON; NULL unless a function may be asked with them */
	int64_t issued_ms, ends_ms; /* by the wall clock, as in identity.h */
	uint64_t key_mark;
};

/* Copies what it keeps from id, and the claims only if with_claims. */
void holder_init(struct holder *h, const struct identity *id, bool with_claims);
void holder_release(struct holder *h);

/* What decides whether the token still counts, as for its identity. Borrowed from the holder. */
struct standing holder_standing(const struct holder *h);

#endif
