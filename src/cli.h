/* SPDX-License-Identifier: PostgreSQL */
/*
 * cli.h: the command line, as a command sees it. It has flags of its own, and all options of the
 * configuration. Wrong usage is answered with a sentence on stderr, and the exit status is
 * EXIT_USAGE.
 */
#ifndef CLI_H
#define CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "config.h"

#define CLI_VALUES_MAX 32

/* A flag of one command, and what was given for it. */
struct cli_flag {
	const char *name;
	const char *value; /* what stands for its value in the help; NULL if it takes none */
	const char *help;
	const char *given[CLI_VALUES_MAX];
	/* how many of `given`; 1 if it takes no value and was given */
	size_t count;
};

/* One call of a command. All texts are borrowed from the command line. */
struct cli_call {
	int argc; /* the line after the command's name */
	char **argv;
	const char *const *words; /* what is neither a flag nor an option */
	size_t word_count;
	struct cli_flag *flags;
	struct config *config; /* has flags only, until cli_config completes it */
	const char *config_file;
};

/*
 * The last value of the flag, or NULL if it was not given. The name must be one of the command's,
 * below too.
 */
const char *cli_value(const struct cli_call *call, const char *name);
const struct cli_flag *cli_flag(const struct cli_call *call, const char *name);

/* Completes the configuration. False if that failed, and stderr says why. */
MUST_CHECK bool cli_config(const struct cli_call *call);

/* Says what is wrong with the call, and how to learn more. Returns EXIT_USAGE. */
int cli_usage(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * Reads call->argv: sets flags, options and words of the call. `words` has room for CLI_VALUES_MAX
 * and is borrowed. Returns EXIT_DONE, or EXIT_USAGE after saying what is wrong.
 */
int cli_read(struct cli_call *call, const char **words);

#endif
