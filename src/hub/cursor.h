/* SPDX-License-Identifier: PostgreSQL */
/*
 * cursor.h: a place in the total order, and the id of every event on the wire: "<tick>-<change>".
 * It says that everything of earlier ticks, and of this tick up to that change, was delivered.
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
#define CURSOR_TICK_END INT64_MAX /* as change: behind all changes of the tick */

/* <0, 0, >0 as a comes before, is, or comes after b */
int cursor_compare(struct cursor a, struct cursor b);

/* Strict: decimal digits without sign or leading zero, below 2^63, one dash. False for anything
 * else. */
MUST_CHECK bool cursor_parse(const char *text, struct cursor *ret_cursor);

/* Writes "<tick>-<change>" and returns its length; text has room for CURSOR_TEXT_MAX. */
int cursor_format(struct cursor at, char *text);

#endif
