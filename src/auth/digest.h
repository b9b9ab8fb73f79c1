/* SPDX-License-Identifier: PostgreSQL */
/* digest.h: SHA-256 (FIPS 180-4) of secrets, which are remembered and stored only so. */
#ifndef AUTH_DIGEST_H
#define AUTH_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

#define DIGEST_BYTES 32
#define DIGEST_TEXT_MAX 65 /* in hexadecimal digits, with its NUL */

/* False: there is no digest to be had. */
MUST_CHECK bool digest_of(const char *text, size_t len, unsigned char ret_digest[DIGEST_BYTES]);

/* The same in hexadecimal digits; "", which nothing has, where there is none. */
void digest_text(const char *text, size_t len, char ret_text[DIGEST_TEXT_MAX]);

#endif
