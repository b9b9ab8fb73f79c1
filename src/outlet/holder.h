/* SPDX-License-Identifier: PostgreSQL */
/*
 * holder.h: who holds a connection: what of the token is needed for as long as it is open, to
 * end it in time, to ask again whether it may go on, and to go on with another token. Owns its
 * strings.
 */
#ifndef OUTLET_HOLDER_H
#define OUTLET_HOLDER_H

#include <stdint.h>

#include "auth/identity.h"

struct holder {
	char *user;                 /* the token's sub; NULL: anonymous */
	char *jti;                  /* NULL: none */
	char *claims;               /* JSON; only where somebody may ask for it: NULL else */
	int64_t issued_ms, ends_ms; /* wall clock, as in identity.h */
	uint64_t key_mark;
};

void holder_init(struct holder *h, const struct identity *id, bool with_claims);
void holder_release(struct holder *h);

/* As of its identity; borrowed. */
struct standing holder_standing(const struct holder *h);

#endif
