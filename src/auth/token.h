/* SPDX-License-Identifier: PostgreSQL */
/*
 * token.h: is this JSON Web Token (RFC 7519) one of ours, and what does it say? Keys and algorithms
 * come from the configuration, never from the token (RFC 8725 3.1).
 *
 * A library verifies the signature with the one key that it is given (signature.h). We check the
 * rest, because libjwt 1.10.2 has these faults:
 *
 * - It reads outside its buffers if a segment is empty.
 * - It accepts several spellings of a signature.
 * - It checks no claim at all.
 */
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "auth/identity.h"

/* bytes */
#define TOKEN_MAX (16 << 10)

struct keyring;
struct verified;

struct token_options {
	const struct keyring *keys; /* the chain; NULL or none if no token is ever accepted */
	struct verified *verified;  /* the signatures that are remembered; NULL if none are */
	/*
	 * One of these is required. Ends with NULL. NULL if it is not checked. An issuer that a
	 * ring is bound to need not be among them.
	 */
	const char *const *issuers, *const *audiences;
	const char *subject; /* the claim that is the subject, or its path; NULL: sub */
	int64_t leeway_ms;
};

/* Three non-empty segments of base64url without padding, joined by dots (RFC 7515 7.1). */
bool token_well_formed(const char *token, size_t len);

/*
 * Verifies a token at now_ms of the wall clock. If it is valid the caller releases *ret_identity.
 * If it is not, *ret_why is a constant for the log. The client is not told the reason. No message
 * has the token itself.
 */
MUST_CHECK bool token_verify(const struct token_options *options, const char *token, int64_t now_ms,
			     struct identity *ret_identity, const char **ret_why);

/* The reason for the log if the token may be good, but no key for it is known. */
extern const char token_lacks_key[];

/* What the token says of its issuer, which proves nothing. The caller frees it. NULL if nothing. */
char *token_issuer(const char *token);

/* The checks of token_verify, in its order, for `pgherald explain`. */
enum token_check {
	TOKEN_FORM,
	TOKEN_SIGNATURE,
	TOKEN_PAYLOAD,
	TOKEN_TIMES,
	TOKEN_ISSUER,
	TOKEN_AUDIENCE,
	TOKEN_SUBJECT,
	TOKEN_JTI,
	TOKEN_CHECKS
};

struct token_findings {
	const char *faults[TOKEN_CHECKS]; /* constants; NULL if the check passed */
	/* the checks that could be made; a bad form or payload prevents those after it */
	size_t count;
	/* as far as it can be read, valid or not; claims is NULL if it cannot be read */
	struct identity identity;
};

/*
 * Makes the same checks with the same code, and goes on after one that fails. The caller releases
 * the identity of the findings.
 */
void token_examine(const struct token_options *options, const char *token, int64_t now_ms,
		   struct token_findings *ret_findings);

#endif
