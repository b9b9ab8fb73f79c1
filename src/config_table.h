/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_table.h: the table of options, for the files of config only:
 *
 * - config.c has the table.
 * - config_sources.c reads values from flags, environment and file.
 * - config_values.c gives the values their meaning.
 * - config_keys.c does so for keys.
 * - config_print.c shows them.
 * - config_man.c writes the manual page.
 */
#ifndef CONFIG_TABLE_H
#define CONFIG_TABLE_H

#include "config.h"

enum kind { TEXT, ADDRESS, DURATION, MILLIS, COUNT, SIZE };

enum { RELOAD = 1, SECRET = 2, MAY_BE_EMPTY = 4, MAY_BE_OFF = 8, MAY_BE_AUTO = 16 };

#define AT(member) offsetof(struct config, member)

struct option {
	/* `alias` is another environment variable, or NULL */
	const char *name, *value, *fallback, *alias;
	enum kind kind;
	int flags;
	size_t at;
	int64_t least, most; /* of numbers; durations in milliseconds, sizes in bytes */
	const char *help;
};

/* In the order in which help, sample and manual show them. */
extern const struct option *const config_options;
extern const size_t config_option_count;

/* The place of an option in the table. If there is none of this name, it is config_option_count. */
size_t config_find(const char *name, size_t len);

/* Sets or removes the i-th option's text, which is copied. Of a secret nothing is left. */
void config_set_text(struct config *c, size_t i, const char *value, enum config_from from);
void config_drop_text(struct config *c, size_t i);

char *config_trim(char *text); /* without blanks at both ends, in place */

/*
 * The sources after the flags. False if something is wrong, and stderr or the daemon's log says
 * what.
 */
MUST_CHECK bool config_read_environment(struct config *c);
MUST_CHECK bool config_read_file(struct config *c, const char *name);
void config_warn_of_flags(const struct config *c); /* of secrets that stood on the command line */

/* Logs how many keys came and went, if any. */
void config_log_keys(const struct keyring *from, const struct keyring *to);

/*
 * Sets the defaults of what is not set yet. Then it gives each text its meaning, and checks them
 * one by one and together. False if something is wrong, and stderr or the daemon's log says what.
 */
MUST_CHECK bool config_take_values(struct config *c);
/* Reads the keys, after all other values have their meaning. It fails alike. */
MUST_CHECK bool config_take_keys(struct config *c);

#endif
