/* SPDX-License-Identifier: PostgreSQL */
/*
 * base64.h: base64url without padding (RFC 4648 5), read strictly: a run of bytes has one text and
 * no other. No padding, no blanks, no lonely last letter, and the bits of the last letter that mean
 * nothing are 0: else a signature could be spelled in several ways.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

/* Room for what a text of len letters can say. */
#define BASE64_ROOM(len) ((len) / 4 * 3 + 3)

/* The letter's value, 0 to 63; -1: it is none of the alphabet. */
int base64url_digit(char c);

/* The bytes, into out, which has BASE64_ROOM(len). False: the text is not of this form; out is
 * undefined then. */
MUST_CHECK bool base64url_decode(const char *text, size_t len, unsigned char *out, size_t *ret_len);

#endif
