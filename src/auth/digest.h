/* SPDX-License-Identifier: PostgreSQL */
/*
 * digest.h: SHA-256 (FIPS 180-4) of secrets. A secret is remembered and stored only as its digest.
 */
#ifndef AUTH_DIGEST_H
#define AUTH_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

#define DIGEST_BYTES 32
#define DIGEST_TEXT_MAX 65 /* hexadecimal digits, with the NUL */

/* The digest of `len` bytes. False if OpenSSL cannot make one. */
MUST_CHECK bool digest_of(const char *text, size_t len, unsigned char ret_digest[DIGEST_BYTES]);

/*
 * The same digest in hexadecimal digits. If there is no digest the text is empty, which matches
 * nothing.
 */
void digest_text(const char *text, size_t len, char ret_text[DIGEST_TEXT_MAX]);

#endif
