/* SPDX-License-Identifier: PostgreSQL */
/*
 * base64.h: reads base64url without padding (RFC 4648, section 5).
 *
 * A run of bytes has one text and no other. Otherwise a signature could be spelled in several ways.
 * So these are refused:
 *
 * - padding and blanks
 * - a single letter at the end, which holds less than a byte
 * - a last letter with bits set that mean nothing
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

/* Bytes of room for what a text of len letters can say. */
#define BASE64_ROOM(len) ((len) / 4 * 3 + 3)

/* Returns the value of the letter, 0 to 63. Returns -1 if it is not in the alphabet. */
int base64url_digit(char c);

/* Decodes len letters into out, which has room for BASE64_ROOM(len) bytes. *ret_len is how many
 * bytes they are. Returns false if the text is not of this form. Then out is undefined. */
MUST_CHECK bool base64url_decode(const char *text, size_t len, unsigned char *out, size_t *ret_len);

#endif
