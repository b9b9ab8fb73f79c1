/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/terminal.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"

size_t terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 ||
	    size.ws_col < 2)
		return SIZE_MAX;
	return size.ws_col;
}

const char *terminal_style(const char *style)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");
	bool shows = isatty(STDOUT_FILENO) && (none == NULL || none[0] == '\0') && term != NULL &&
		     strcmp(term, "dumb") != 0;

	return shows ? style : "";
}

/* The length in bytes of the first character. What is not UTF-8 counts byte by byte. */
static size_t step(const char *text)
{
	size_t len = utf8_len((const unsigned char *)text, strlen(text));

	return len == 0 ? 1 : len;
}

size_t terminal_length(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text += step(text))
		count++;
	return count;
}

/* C0, DEL, and C1 as UTF-8 writes it. */
static int is_control(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	return at[0] < 0x20 || at[0] == 0x7f || (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0);
}

void terminal_print(const char *text, size_t most)
{
	size_t left = terminal_length(text) > most ? most - 1 : most;

	for (; *text != '\0' && left > 0; left--, text += step(text))
		if (is_control(text))
			putchar(' ');
		else
			fwrite(text, 1, step(text), stdout);
	if (*text != '\0')
		fputs("…", stdout);
}
