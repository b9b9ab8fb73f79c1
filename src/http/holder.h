/* SPDX-License-Identifier: PostgreSQL */
/*
 * holder.h: who holds a stream: what of token and request is needed for as long as it is open, to
 * end it in time, to ask again whether it may go on, and to go on with another token. Owns its
 * strings.
 */
#ifndef HTTP_HOLDER_H
#define HTTP_HOLDER_H

#include <stdint.h>

#include "hub/router.h"
#include "http/identity.h"

struct holder {
	char *user;   /* the token's sub; NULL: anonymous */
	char *jti;    /* NULL: none */
	char *claims; /* JSON; only where somebody may ask for it: NULL else */
	char *params; /* of path and query, a JSON object of texts; without tokens and cursors */
	int64_t issued_ms, ends_ms; /* wall clock, as in identity.h */
	uint64_t key_mark;
};

void holder_init(struct holder *h, const struct identity *id, const struct params *params,
		 bool with_claims);
void holder_release(struct holder *h);

/* As of its identity; borrowed. */
struct standing holder_standing(const struct holder *h);

/* The parameters as the holder keeps them: a JSON object of texts, for the caller to free. */
char *holder_params_json(const struct params *params);

/* Adds the parameters again, as texts of this object; it must stay as long as they are used. */
void holder_read_params(struct json_object *object, struct params *params);

#endif
