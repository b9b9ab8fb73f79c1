/* SPDX-License-Identifier: PostgreSQL */
/*
 * token.h: is this JSON Web Token (RFC 7519) one of ours, and what does it say? Keys and algorithms
 * come from the configuration, never from the token (RFC 8725 3.1): its header is read before
 * anything is verified, and may choose among the configured keys, no more. libjwt 1.10.2 verifies
 * the signature with the one key it is given, and nothing else: it reads outside its buffers for an
 * empty segment, takes several spellings of a signature, and checks no claim at all.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "auth/identity.h"

#define TOKEN_MAX 8192

struct keyring;
struct verified;

struct token_options {
	const struct keyring *keys;    /* NULL or empty: no token is ever accepted */
	struct verified *verified;     /* what of it is remembered; NULL: nothing */
	const char *issuer, *audience; /* NULL: not checked */
	int64_t leeway_ms;
};

/* Three non-empty segments of base64url without padding, joined by dots (RFC 7515 7.1). */
bool token_well_formed(const char *token, size_t len);

/*
 * True and the identity (the caller releases it) where the token is valid at now_ms. Otherwise
 * false and *ret_why, a constant for the log: the client is not told. The token itself is in no
 * message.
 */
MUST_CHECK bool token_verify(const struct token_options *options, const char *token, int64_t now_ms,
			     struct identity *ret_identity, const char **ret_why);

/* What token_verify looks at, in its order, for who asks why (pgherald explain). */
enum token_check {
	TOKEN_FORM,
	TOKEN_SIGNATURE,
	TOKEN_PAYLOAD,
	TOKEN_TIMES,
	TOKEN_ISSUER,
	TOKEN_AUDIENCE,
	TOKEN_SUB,
	TOKEN_JTI,
	TOKEN_CHECKS
};

struct token_findings {
	const char *faults[TOKEN_CHECKS]; /* constants; NULL: good */
	/* checks that could be made: those behind a form or a payload that is none cannot */
	size_t count;
	/* as far as it can be read, whether it is valid or not; claims NULL: it cannot */
	struct identity identity;
};

/* The same checks by the same code, each made whatever the others say. The caller releases the
 * identity. */
void token_examine(const struct token_options *options, const char *token, int64_t now_ms,
		   struct token_findings *ret_findings);

#endif
