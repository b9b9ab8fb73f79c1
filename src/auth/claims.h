/* SPDX-License-Identifier: PostgreSQL */
/*
 * claims.h: the registered claims of a token (RFC 7519 4.1). They are read strictly from the
 * token's payload, a JSON object. A claim of a wrong type is a fault. It is not treated as missing.
 */
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CLAIMS_NAME_MAX 255 /* bytes of a subject and of jti */

struct json_object;

/*
 * Reads a time (exp, nbf, iat) into *ret_ms, in milliseconds since 1970. A claim that is missing is
 * no fault, but *ret_present is false and *ret_ms stays as it was. False if the claim is not a
 * number of seconds from 0 to 1e14.
 */
bool claims_time(struct json_object *claims, const char *name, int64_t *ret_ms, bool *ret_present);

/*
 * Finds a claim by its name. Where no claim has the name, it is a path: `a.b` is the member b of
 * the object a. Names of members may have dots, too: the longest name that leads on comes first.
 * False if there is none, and then *ret_claim is NULL.
 */
bool claims_find(struct json_object *claims, const char *name, struct json_object **ret_claim);

/*
 * Calls take(ctx, bytes, len) for each value of the claim, until it says true. Returns whether it
 * has. An array has its elements as values. `scope` and `scp` have their words, besides the whole
 * (RFC 8693 4.2). What is no text, number or boolean is no value.
 */
bool claims_any(const char *name, struct json_object *claim,
		bool (*take)(void *ctx, const char *bytes, size_t len), void *ctx);

/* The claim's text, borrowed from the claims. NULL if it is missing or no text. */
const char *claims_text(struct json_object *claims, const char *name);

/* True if the claim is this one text. */
bool claims_is(struct json_object *claims, const char *name, const char *wanted);

/*
 * True if the claim is this text, or an array of texts that has it (RFC 7519 4.1.3). An array with
 * an element that is no text never matches.
 */
bool claims_has(struct json_object *claims, const char *name, const char *wanted);

/*
 * Finds the subject in the claim of this name or path (claims_find). NULL stands for `sub`. The
 * subject is a name as below, or a whole number, which is taken as its digits. It is borrowed from
 * the claims. NULL if the claim is missing or is neither.
 */
const char *claims_subject(struct json_object *claims, const char *name);

/*
 * Reads a name (jti) by which limits, logs and revocations go. A name has 1 to CLAIMS_NAME_MAX
 * bytes and no control characters. *ret_name is borrowed from the claims, and NULL if the claim is
 * missing, which is no fault. False if the claim is there and is no such name.
 */
bool claims_name(struct json_object *claims, const char *name, const char **ret_name);

#endif
