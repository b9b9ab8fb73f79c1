/* SPDX-License-Identifier: PostgreSQL */
/*
 * json_number.h: a number of JSON (RFC 8259, 6), and one that readers can hold. Without point and
 * exponent it is an integer: from -2^63 to 2^64 - 1. Else it is a double: refused is what rounds to
 * infinity (RFC 8259 leaves the range to us). What rounds to 0 is taken. It allocates nothing and
 * knows no locale.
 */
#ifndef BASE_JSON_NUMBER_H
#define BASE_JSON_NUMBER_H

#include <stdbool.h>

/* The place after the number that begins at `at`. NULL: there is none, or it is too large. */
const char *json_number_end(const char *at, const char *end);
/* where json_number_end is NULL: why? */
bool json_number_is_too_large(const char *at, const char *end);

#endif
