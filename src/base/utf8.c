/* SPDX-License-Identifier: PostgreSQL */
#include "base/utf8.h"

#include <stdbool.h>

#include "base/base.h"

/* Which bytes may begin a character, and which come second (Unicode standard, table 3-7). */
static const struct utf8_form {
	unsigned char first_min, first_max;
	unsigned char second_min, second_max; /* every later byte is 80 to bf */
	unsigned char len;
} utf8_forms[] = {
	{0x00, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
	{0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
	{0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static bool within(unsigned char c, unsigned char min, unsigned char max)
{
	return c >= min && c <= max;
}

static bool has_form(const unsigned char *at, size_t len, const struct utf8_form *form)
{
	if (len < form->len || !within(at[0], form->first_min, form->first_max))
		return false;
	if (form->len > 1 && !within(at[1], form->second_min, form->second_max))
		return false;
	for (size_t later = 2; later < form->len; later++) {
		if (!within(at[later], 0x80, 0xbf))
			return false;
	}
	return true;
}

size_t utf8_len(const unsigned char *at, size_t len)
{
	for (size_t form = 0; form < ARRAY_SIZE(utf8_forms); form++) {
		if (has_form(at, len, &utf8_forms[form]))
			return utf8_forms[form].len;
	}
	return 0;
}

bool utf8_is(const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + len;

	while (at < end) {
		size_t step = utf8_len(at, (size_t)(end - at));

		if (step == 0)
			return false;
		at += step;
	}
	return true;
}
