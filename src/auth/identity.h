/* SPDX-License-Identifier: PostgreSQL */
/* identity.h: what a verified token says of who asks. Immutable; owns its claims. */
#ifndef AUTH_IDENTITY_H
#define AUTH_IDENTITY_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"
#include "auth/standing.h"

struct identity {
	struct json_object *claims; /* an object; NULL: anonymous */
	const char *sub;            /* borrowed from claims; NULL: anonymous */
	const char *jti;            /* likewise; NULL: none */
	int64_t issued_ms;          /* iat by the wall clock; INT64_MIN: none */
	int64_t ends_ms;            /* wall clock: with the leeway; INT64_MAX: never (anonymous) */
	/* of the key that has verified it, for keyring_has; 0: anonymous */
	uint64_t key_mark;
};

void identity_release(struct identity *id);

/* What decides whether it still counts later on; borrowed from it. */
struct standing identity_standing(const struct identity *id);

/*
 * An identity on its way through the database, where a ticket or a renewal takes it: {"claims",
 * "issued", "ends", "key"}. Reading: false unless it is one that was written so.
 */
/* its claims alone, for the caller to free */
char *identity_claims_json(const struct identity *id);
void identity_append_json(const struct identity *id, struct buf *out);
MUST_CHECK bool identity_read(const char *json, size_t len, struct identity *ret_id);

#endif
