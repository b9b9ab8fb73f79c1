/* SPDX-License-Identifier: PostgreSQL */
/*
 * utf8.h: checks that bytes are UTF-8.
 *
 * The check is strict. It refuses overlong forms, surrogates, and what is above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Returns the length in bytes of the character at `at`, which has at most len bytes. Returns 0 if
 * the bytes are none. */
size_t utf8_len(const unsigned char *at, size_t len);

bool utf8_is(const char *text, size_t len); /* is all of it UTF-8? */

#endif
