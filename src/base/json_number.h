/* SPDX-License-Identifier: PostgreSQL */
/*
 * json_number.h: reads a JSON number (RFC 8259, section 6) that readers can hold.
 *
 * The RFC leaves the range to us. A number without point and exponent is an integer, from -2^63 to
 * 2^64 - 1. Any other is a double. One that rounds to infinity is refused. One that rounds to 0 is
 * taken. Nothing is allocated, and the locale plays no part.
 */
#ifndef BASE_JSON_NUMBER_H
#define BASE_JSON_NUMBER_H

#include <stdbool.h>

/* Returns the place after the number that begins at `at`. Returns NULL if there is no number, or if
 * it is too large. */
const char *json_number_end(const char *at, const char *end);
/* Says why json_number_end returned NULL. True if the number is too large. */
bool json_number_is_too_large(const char *at, const char *end);

#endif
