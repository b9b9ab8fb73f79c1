/* SPDX-License-Identifier: PostgreSQL */
/*
 * cursor.h: a place in the total order of changes, and the id of every event on the wire.
 *
 * Its text is "<tick>-<change>". It says that everything up to it was delivered. That is everything
 * of earlier ticks, and of this tick up to that change.
 */
#ifndef HUB_CURSOR_H
#define HUB_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

struct cursor {
	int64_t tick, change;
};

#define CURSOR_TEXT_MAX 41 /* two numbers of 19 digits, the dash, the NUL, and one to spare */
#define CURSOR_TICK_END INT64_MAX /* as change, after all changes of the tick */

/* Returns <0, 0 or >0 if a comes before b, is b, or comes after b. */
int cursor_compare(struct cursor a, struct cursor b);

/* Parses strictly. Each number has decimal digits, no sign and no leading zero, and is below 2^63.
 * One dash is between them. Returns false for anything else, and for tick 0. */
MUST_CHECK bool cursor_parse(const char *text, struct cursor *ret_cursor);

/* Writes "<tick>-<change>" and returns its length. text has room for CURSOR_TEXT_MAX bytes. */
int cursor_format(struct cursor at, char *text);

#endif
