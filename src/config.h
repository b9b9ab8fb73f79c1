/* SPDX-License-Identifier: PostgreSQL */
/*
 * config.h: every option of the program, from one table. A flag (--jwt-secret-file X) beats the
 * environment (PGHERALD_JWT_SECRET_FILE), which beats the file (jwt-secret-file = X), which beats
 * the default. The table also prints the help, the sample file, the README's list and the
 * manual's.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/base.h"
#include "base/log.h"
#include "pg/wake.h"
#include "auth/keyring.h"
#include "auth/verified.h"
#include "http/options.h"

#define CONFIG_ORIGINS_MAX 32

enum config_from { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_FLAG };

#define CONFIG_OPTIONS_MAX 64

struct config {
	/* each option's value as given, in the order of the table; owned */
	const char *text[CONFIG_OPTIONS_MAX];
	enum config_from from[CONFIG_OPTIONS_MAX];
	char *file; /* owned; NULL: none */
	/* What the values mean, filled in by config_complete. Strings are borrowed from text. */
	const char *database_url, *listen, *admin_listen;
	const char *jwt_secret, *jwt_secret_file, *jwt_public_key_file, *jwks_file, *jwt_algorithm;
	const char *jwt_issuer, *jwt_audience, *jwt_cookie;
	const char *encryption_key, *encryption_key_id;
	const char *token_sources, *allowed_origins, *wake_name, *log_level_name, *log_format;
	int64_t jwt_leeway_ms, heartbeat_ms, retry_ms, retention_ms, poll_interval_ms;
	int64_t max_streams, max_streams_per_user, max_streams_per_ip, log_size;
	int64_t compress_above; /* -1: off */
	/* derived */
	struct http_options http; /* without version */
	enum log_level log_level;
	bool log_json;
	enum wake_mode wake;
	struct keyring *keyring;   /* owned */
	struct verified *verified; /* owned; NULL: no key is public */
	/* owned; NULL: there is no encryption-key, and nothing can be sealed */
	struct seal *seal;
	const char *origins[CONFIG_ORIGINS_MAX + 1];
	char *origins_text, *sources_text; /* owned */
};

void config_init(struct config *c); /* nothing is set */
void config_release(struct config *c);

/* Sets one option by a flag's name; false: there is no such option. */
MUST_CHECK bool config_set_flag(struct config *c, const char *name, size_t name_len,
				const char *value);

/*
 * Fills in file (NULL: none), environment and defaults behind the flags, and checks everything.
 * False: it has said on stderr which key is wrong and why. Secrets in the environment are
 * overwritten there, for others can see it.
 */
MUST_CHECK bool config_complete(struct config *c, const char *file);

/* The same anew: flags and environment as first had them, its file as it is now. c: initialised,
 * nothing set. */
MUST_CHECK bool config_reload(struct config *c, const struct config *first);

/* Can this process, which is to be the daemon, have as many streams? False: it has said why not on
 * stderr. */
MUST_CHECK bool config_fits_process(const struct config *c);

/* Wipes keys, and secrets of a file, of a configuration that is not in force any more and must stay
 * for its other values. */
void config_forget_keys(struct config *c);

/* is there an option of this name, and others must not see it? */
bool config_is_secret(const char *name, size_t name_len);

/* What has changed from one configuration to the next, to the log; says which changes need a
 * restart. */
void config_log_changes(const struct config *from, const struct config *to);

void config_print_help(FILE *out);
void config_print_sample(FILE *out);
void config_print_table(FILE *out);                   /* Markdown, for the README */
void config_print_man(FILE *out);                     /* roff, for pgherald.conf(5) */
void config_print(const struct config *c, FILE *out); /* what is in force; secrets hidden */

#endif
