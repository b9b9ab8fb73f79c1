/* SPDX-License-Identifier: PostgreSQL */
#include "hub/cursor.h"

#include <inttypes.h>
#include <stdio.h>

int cursor_compare(struct cursor a, struct cursor b)
{
	if (a.tick != b.tick)
		return a.tick < b.tick ? -1 : 1;
	return a.change < b.change ? -1 : a.change > b.change;
}

/* Reads one number and moves *text to the place after it. */
static bool parse_number(const char **text, int64_t *ret_number)
{
	const char *p = *text;
	int64_t n = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n))
			return false;
	*text = p;
	*ret_number = n;
	return true;
}

bool cursor_parse(const char *text, struct cursor *ret_cursor)
{
	struct cursor at;

	if (!parse_number(&text, &at.tick) || *text++ != '-' || !parse_number(&text, &at.change) ||
	    *text != '\0' || at.tick == 0)
		return false;
	*ret_cursor = at;
	return true;
}

int cursor_format(struct cursor at, char *text)
{
	return snprintf(text, CURSOR_TEXT_MAX, "%" PRId64 "-%" PRId64, at.tick, at.change);
}
