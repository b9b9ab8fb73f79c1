/* SPDX-License-Identifier: PostgreSQL */
/*
 * claims.h: the registered claims of a token (RFC 7519 4.1), read strictly from its payload, a JSON
 * object: a claim of another type than it must have is a fault, not one that is missing.
 */
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#define CLAIMS_NAME_MAX 255 /* bytes of sub and of jti */

struct json_object;

/* A time (exp, nbf, iat), in milliseconds since 1970. False: it is there, and no number that makes
 * sense. */
bool claims_time(struct json_object *claims, const char *name, int64_t *ret_ms, bool *ret_present);

/* Is the claim this one text? */
bool claims_is(struct json_object *claims, const char *name, const char *wanted);

/* Or an array of texts and one of them (RFC 7519 4.1.3)? */
bool claims_has(struct json_object *claims, const char *name, const char *wanted);

/*
 * A name (sub, jti) that limits, logs and revocations can go by: 1 to CLAIMS_NAME_MAX bytes without
 * control characters, borrowed from claims. NULL and true: it is not there. NULL and false: it is
 * no such name.
 */
bool claims_name(struct json_object *claims, const char *name, const char **ret_name);

#endif
