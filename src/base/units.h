/* SPDX-License-Identifier: PostgreSQL */
/*
 * units.h: parses numbers with units, as people write them in options.
 *
 * Parsing is strict. A text begins with a digit, holds no blanks and ends with its unit. These
 * return false for any other text, and for a number over 2^63 - 1.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

MUST_CHECK bool units_parse_count(const char *text, int64_t *ret_count); /* such as "100" */
/* Takes "90s", in ms, s, m, h or d. */
MUST_CHECK bool units_parse_duration(const char *text, int64_t *ret_ms);
/* Takes "64MB", in B, kB, KB, MB or GB of 1024. */
MUST_CHECK bool units_parse_size(const char *text, int64_t *ret_bytes);
/* Is it "host:port", "[v6]:port" or ":port", with a port from 1 to 65535? */
MUST_CHECK bool units_is_address(const char *text);

#endif
