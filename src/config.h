/* SPDX-License-Identifier: PostgreSQL */
/*
 * config.h: every option of the program, from one table. These sources can give a value, and each
 * beats those after it:
 *
 * - a flag (--jwt-secret-file X)
 * - the environment (PGHERALD_JWT_SECRET_FILE)
 * - the file (jwt-secret-file = X)
 * - the default
 *
 * The help, the sample file, the manual page and a table in Markdown are printed from the same
 * table.
 */
#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/base.h"
#include "base/log.h"
#include "base/nearest.h"
#include "pg/wake.h"
#include "auth/keyring.h"
#include "auth/verified.h"
#include "http/options.h"
#include "provider/providers.h"

#define CONFIG_ORIGINS_MAX 32

enum config_from { CONFIG_DEFAULT, CONFIG_FILE, CONFIG_ENVIRONMENT, CONFIG_FLAG };

#define CONFIG_OPTIONS_MAX 64

struct config {
	/* each option's value as given, in the order of the table; owned */
	const char *text[CONFIG_OPTIONS_MAX];
	enum config_from from[CONFIG_OPTIONS_MAX];
	char *file;  /* owned; NULL if there is none */
	bool strict; /* an environment variable that is no option is an error */
	/*
	 * What the values mean, filled in by config_complete. The strings are borrowed from `text`.
	 */
	const char *database_url, *listen, *admin_listen;
	const char *jwt_secret, *jwt_secret_file, *jwt_public_key_file, *jwks_file, *jwt_algorithm;
	const char *oidc_issuer, *jwks_url, *jwks_ca_file;
	const char *jwt_issuer, *jwt_audience, *jwt_subject, *jwt_cookie;
	const char *encryption_key, *encryption_key_id;
	const char *trusted_proxies;
	const char *console_word, *admin_token_file;
	const char *token_sources, *allowed_origins, *wake_name, *log_level_name, *log_format;
	int64_t jwt_leeway_ms, heartbeat_ms, retry_ms, retention_ms, poll_interval_ms;
	int64_t workers, max_streams, max_streams_per_user, max_streams_per_ip, log_size;
	int64_t ready_grace_ms, drain_delay_ms;
	int64_t compress_above; /* bytes; -1 if it is off */
	/* derived */
	struct http_options http; /* without version */
	enum log_level log_level;
	bool log_json, console;
	enum wake_mode wake;
	struct keyring *keyring; /* owned */
	struct provider_sources providers;
	struct verified *verified; /* owned; NULL if no key is public */
	/* owned; NULL if there is no encryption-key, so nothing can be sealed */
	struct seal *seal;
	const char *origins[CONFIG_ORIGINS_MAX + 1];
	const char **issuers, **audiences; /* owned, each with its texts; NULL if not given */
	char *origins_text, *sources_text; /* owned */
	char *admin_token;                 /* owned, wiped; NULL if there is none */
};

void config_init(struct config *c); /* nothing is set */
void config_release(struct config *c);

/* Sets one option by a flag's name. False if there is no such option. */
MUST_CHECK bool config_set_flag(struct config *c, const char *name, size_t name_len,
				const char *value);

/*
 * Adds the environment, the file and the defaults to the flags, and checks everything. `file` is
 * NULL if there is none. False if something is wrong, and stderr says which key and why. Secrets in
 * the environment are overwritten there, because others can see it.
 */
MUST_CHECK bool config_complete(struct config *c, const char *file);

/*
 * Completes `c` again. Flags and environment are as `first` had them, and its file is read as it is
 * now. `c` is initialised, with nothing set. False if something is wrong, and the log says why.
 */
MUST_CHECK bool config_reload(struct config *c, const struct config *first);

/*
 * Checks that this process, which is or is to be the daemon, can have max-streams. False if it
 * cannot, and stderr or the daemon's log says why.
 */
MUST_CHECK bool config_fits_process(const struct config *c);

/* The file that the keys are read from. NULL if they are in the configuration itself, or none are.
 */
const char *config_key_file(const struct config *c);

/*
 * Reads the file of keys again, and puts them in the place of the others. False if they are not
 * valid. Then nothing has changed, and the log says why.
 */
MUST_CHECK bool config_renew_keys(struct config *c);

/*
 * Wipes the keys, and the secrets of the file. This is for a configuration that is no longer in
 * force, but must stay for its other values.
 */
void config_forget_keys(struct config *c);

/* True if there is an option of this name whose value others must not see. */
bool config_is_secret(const char *name, size_t name_len);

/*
 * An environment in which a command of this program has the same configuration: this process's own,
 * with the options that were given. The caller frees the list, which ends with NULL, and its texts,
 * which have secrets.
 */
char **config_environment(const struct config *c);

/* Tries the name of each option. */
void config_try_names(struct nearest *n);

/* Logs what has changed from one configuration to the next, and which changes need a restart. */
void config_log_changes(const struct config *from, const struct config *to);

/* These print to `out`. Whether that worked, only the stream's error flag says. */
void config_print_help(FILE *out);
void config_print_sample(FILE *out);
void config_print_table(FILE *out);                   /* Markdown */
void config_print_man(FILE *out);                     /* roff, for pgherald.conf(5) */
void config_print(const struct config *c, FILE *out); /* what is in force, without secrets */

#endif
