/* SPDX-License-Identifier: PostgreSQL */
#include "auth/standing.h"

#include "base/clock.h"
#include "auth/keyring.h"
#include "auth/revocations.h"

bool standing_is_revoked(const struct standing *s, const struct revocations *revocations)
{
	return revocations_have(revocations, s->jti, s->sub, s->issued_ms, clock_wall_ms());
}

bool standing_holds(const struct standing *s, const struct keyring *keys,
		    const struct revocations *revocations)
{
	return (s->key_mark == 0 || keyring_has(keys, s->key_mark)) &&
	       !standing_is_revoked(s, revocations);
}
