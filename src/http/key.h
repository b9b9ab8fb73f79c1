/* SPDX-License-Identifier: PostgreSQL */
/*
 * key.h: the key that tokens are verified with, and the one algorithm it is for. What is too weak is refused at the
 * start: libjwt 1.10.2 takes an empty key as leave to accept every token.
 */
#ifndef HTTP_KEY_H
#define HTTP_KEY_H

#include <jwt.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

struct key_source {
	const char *secret, *secret_file, *public_key_file; /* at most one is not NULL */
	const char *algorithm;                              /* NULL: by the key */
};

/* True with *ret_key NULL where no source is given. False: *ret_why is a sentence, valid until the next call. */
MUST_CHECK bool key_load(const struct key_source *source, unsigned char **ret_key, size_t *ret_len,
			 jwt_alg_t *ret_algorithm, const char **ret_why);

#endif
