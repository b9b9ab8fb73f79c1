/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_table.h: the table of options, for config's own files: config.c has it, config_sources.c
 * says where values come from, config_values.c what they mean, config_print.c how they are shown,
 * config_man.c how the manual has them.
 */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "config.h"

enum kind { TEXT, ADDRESS, DURATION, MILLIS, COUNT, SIZE };

enum { RELOAD = 1, SECRET = 2, MAY_BE_EMPTY = 4, MAY_BE_OFF = 8 };

#define AT(member) offsetof(struct config, member)

struct option {
	const char *name, *value, *fallback, *alias; /* alias: another environment variable */
	enum kind kind;
	int flags;
	size_t at;
	int64_t least, most; /* of numbers; durations in milliseconds */
	const char *help;
};

/* in the order in which help, sample and manual show them */
extern const struct option *const config_options;
extern const size_t config_option_count;

/* its place in the table; config_option_count: there is none */
size_t config_find(const char *name, size_t len);

/* The i-th option's text: set anew, and gone; of a secret nothing is left. */
void config_set_text(struct config *c, size_t i, const char *value, enum config_from from);
void config_drop_text(struct config *c, size_t i);

char *config_trim(char *text); /* without blanks at both ends, in place */

/* What is behind the flags. False: said on stderr. */
MUST_CHECK bool config_read_environment(struct config *c);
MUST_CHECK bool config_read_file(struct config *c, const char *name);
void config_warn_of_flags(const struct config *c); /* of secrets that stood on the command line */

/* Defaults for what is not set yet, then each text's meaning, checked one by one and together.
 * False: said on stderr. */
MUST_CHECK bool config_take_values(struct config *c);

#endif
