/* SPDX-License-Identifier: PostgreSQL */
/*
 * terminal.h: lines for people. Text from outside stays on its line, and moves no cursor of the
 * terminal. Programs that read a pipe or a file get whole lines.
 */
#ifndef CMD_TERMINAL_H
#define CMD_TERMINAL_H

#include <stddef.h>

/* How many characters a line of stdout has room for. SIZE_MAX if it is no terminal. */
size_t terminal_width(void);

/*
 * What turns a style on, or off again. Empty unless stdout is a terminal that shows colours.
 * NO_COLOR and TERM=dumb say that it does not.
 */
#define TERMINAL_BOLD "\033[1m"
#define TERMINAL_RED "\033[1;31m"
#define TERMINAL_GREEN "\033[32m"
#define TERMINAL_YELLOW "\033[33m"
#define TERMINAL_PLAIN "\033[0m"
const char *terminal_style(const char *style);

size_t terminal_length(const char *text); /* in characters, one column each */

/*
 * Prints the text to stdout, with blanks for control characters. Of a longer text `most`
 * characters are printed, the last one of them as an ellipsis.
 */
void terminal_print(const char *text, size_t most);

#endif
