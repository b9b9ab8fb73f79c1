/* SPDX-License-Identifier: PostgreSQL */
/* Last-Event-ID. What is taken is the one text of its cursor, and every cursor's text is taken. */
#include "hub/cursor.h"

#include "fuzz.h"

static void check_text(const char *text)
{
	struct cursor at;
	char again[CURSOR_TEXT_MAX];

	if (!cursor_parse(text, &at))
		return;
	MUST(at.tick > 0 && at.change >= 0);
	MUST(cursor_format(at, again) == (int)strlen(text) && strcmp(again, text) == 0);
}

static void check_numbers(const struct cursor *pair)
{
	struct cursor a = {pair[0].tick & INT64_MAX, pair[0].change & INT64_MAX}, read = {0, 0},
		      b = pair[1];
	char text[CURSOR_TEXT_MAX];

	MUST(cursor_format(a, text) == (int)strlen(text));
	MUST(cursor_parse(text, &read) == (a.tick > 0));
	MUST(a.tick == 0 ||
	     (cursor_compare(a, read) == 0 && read.tick == a.tick && read.change == a.change));
	MUST(cursor_compare(a, b) == -cursor_compare(b, a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct cursor pair[2];
	char *text;

	if (size >= sizeof(pair)) {
		memcpy(pair, data, sizeof(pair));
		check_numbers(pair);
	}
	text = input_line(&in);
	check_text(text);
	free(text);
	return 0;
}
