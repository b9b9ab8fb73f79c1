/* SPDX-License-Identifier: PostgreSQL */
/* identity.h: what a verified token says about its bearer. Immutable. It owns its claims. */
#ifndef AUTH_IDENTITY_H
#define AUTH_IDENTITY_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"
#include "auth/standing.h"

struct identity {
	struct json_object *claims; /* an object; NULL if anonymous */
	const char *sub;            /* the subject, borrowed from claims; NULL if anonymous */
	const char *jti;            /* borrowed from claims; NULL if there is none */
	int64_t issued_ms;          /* iat, by the wall clock; INT64_MIN if there is none */
	int64_t ends_ms;            /* wall clock, with the leeway; INT64_MAX if anonymous */
	/* of the key that has verified the token, for keyring_has; 0 if anonymous */
	uint64_t key_mark;
};

void identity_release(struct identity *id);

/* What decides whether the token still counts later. Borrowed from the identity. */
struct standing identity_standing(const struct identity *id);

/* The claims alone, as JSON. The caller frees it. The claims of an anonymous identity are "{}". */
char *identity_claims_json(const struct identity *id);
/*
 * An identity goes through the database as JSON when a ticket or a renewal carries it. The JSON is
 * {"claims", "sub", "issued", "ends", "key"}. The reader finds the subject in the claims again, by
 * its own configuration (claims_subject). Reading any other JSON, or claims without a subject,
 * returns false. Otherwise the caller releases *ret_id.
 */
void identity_append_json(const struct identity *id, struct buf *out);
MUST_CHECK bool identity_read(const char *json, size_t len, const char *subject,
			      struct identity *ret_id);

#endif
