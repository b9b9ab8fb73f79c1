/* SPDX-License-Identifier: PostgreSQL */
/* utf8.h: is it UTF-8, and how many characters? Strictly: no overlong forms, no surrogates, nothing
 * behind U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Length of the character at this place, 0 when the bytes are none. */
size_t utf8_len(const unsigned char *at, size_t len);

bool utf8_is(const char *text, size_t len); /* all of it */

#endif
