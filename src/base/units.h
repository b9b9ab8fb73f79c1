/* SPDX-License-Identifier: PostgreSQL */
/* units.h: numbers with units as people write them in options. Strict: the whole text, digits
 * first, no blanks. */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

MUST_CHECK bool units_parse_count(const char *text, int64_t *ret_count); /* "100" */
/* "90s": ms, s, m, h, d */
MUST_CHECK bool units_parse_duration(const char *text, int64_t *ret_ms);
/* "64MB": B, kB, KB, MB, GB of 1024 */
MUST_CHECK bool units_parse_size(const char *text, int64_t *ret_bytes);
/* "host:port", "[v6]:port", ":port" */
MUST_CHECK bool units_is_address(const char *text);

#endif
