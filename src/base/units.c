/* SPDX-License-Identifier: PostgreSQL */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct unit {
	const char *name;
	int64_t factor;
};

static bool parse(const char *text, const struct unit *units, int64_t *ret_number)
{
	char *rest;
	int64_t number;

	errno = 0;
	number = strtoll(text, &rest, 10);
	if (errno != 0 || !isdigit((unsigned char)text[0]))
		return false;
	for (; units->name != NULL; units++)
		if (strcmp(rest, units->name) == 0)
			return !__builtin_mul_overflow(number, units->factor, ret_number);
	return false;
}

bool units_parse_count(const char *text, int64_t *ret_count)
{
	static const struct unit units[] = {{"", 1}, {NULL, 0}};

	return parse(text, units, ret_count);
}

bool units_parse_duration(const char *text, int64_t *ret_ms)
{
	static const struct unit units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
					    {"h", 3600000}, {"d", 86400000}, {NULL, 0}};

	return parse(text, units, ret_ms);
}

bool units_parse_size(const char *text, int64_t *ret_bytes)
{
	static const struct unit units[] = {{"B", 1},        {"kB", 1 << 10}, {"KB", 1 << 10},
					    {"MB", 1 << 20}, {"GB", 1 << 30}, {NULL, 0}};

	return parse(text, units, ret_bytes);
}

bool units_is_address(const char *text)
{
	const char *colon = strrchr(text, ':');
	int64_t port = 0;

	return colon != NULL && units_parse_count(colon + 1, &port) && port >= 1 && port <= 65535 &&
	       (text[0] == '[') == (colon > text && colon[-1] == ']') &&
	       (text[0] == '[' || strchr(text, ':') == colon);
}
