/* SPDX-License-Identifier: PostgreSQL */
/*
 * cli.h: the command line: one table of subcommands, their own flags, and the options that all of
 * them take. Wrong usage is answered with a sentence on stderr and EXIT_USAGE.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#define CLI_VALUES_MAX 32

/* A flag of one command: what it is, and what was given for it. */
struct cli_flag {
	const char *name;
	const char *value; /* what stands for its value in the help; NULL: it takes none */
	const char *help;
	const char *given[CLI_VALUES_MAX];
	size_t count;
};

/* One call of a command. */
struct cli_call {
	int argc; /* the line behind the command's name */
	char **argv;
	const char *const *words; /* what is neither a flag nor an option */
	size_t word_count;
	struct cli_flag *flags;
	struct config *config; /* flags only; cli_config completes it */
	const char *config_file;
};

/* The flag's last value, NULL: not given. The name must be one of the command's. */
const char *cli_value(const struct cli_call *call, const char *name);
const struct cli_flag *cli_flag(const struct cli_call *call, const char *name);

/* Completes the configuration; false: it has said why. */
MUST_CHECK bool cli_config(const struct cli_call *call);

/* Says what is wrong with the call, and how to learn more; returns EXIT_USAGE. */
int cli_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

int cli_main(int argc, char **argv);

#endif
