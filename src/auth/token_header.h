/* SPDX-License-Identifier: PostgreSQL */
/*
 * token_header.h: the header of a token (RFC 7515 4.1). It is read before anything is verified. So
 * it may only choose among the configured keys. Keys and addresses that it brings along mean
 * nothing.
 */
#ifndef AUTH_TOKEN_HEADER_H
#define AUTH_TOKEN_HEADER_H

#include <stdbool.h>

#include "base/base.h"
#include "auth/algorithm.h"

struct json_object;

struct token_header {
	enum algorithm algorithm;
	const char *kid; /* borrowed from the header; NULL if there is none */
	bool access;     /* its typ says that it is an access token (RFC 9068) */
};

/* False if it asks for what is not understood. Then *ret_why is a constant. */
MUST_CHECK bool token_header_read(struct json_object *header, struct token_header *ret_header,
				  const char **ret_why);

#endif
