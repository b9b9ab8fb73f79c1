/* SPDX-License-Identifier: PostgreSQL */
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/commas.h"
#include "base/file.h"
#include "base/files.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "pg/conninfo.h"
#include "http/cookie.h"
#include "http/listening.h"
#include "http/origin.h"
#include "config_table.h"

static bool parse_value(const struct option *o, const char *text, int64_t *ret_number)
{
	switch (o->kind) {
	case DURATION:
		return units_parse_duration(text, ret_number);
	case MILLIS:
		return units_parse_count(text, ret_number) ||
		       units_parse_duration(text, ret_number);
	case SIZE:
		return units_parse_size(text, ret_number);
	case COUNT:
		return units_parse_count(text, ret_number);
	case ADDRESS:
	case TEXT:
		break;
	}
	return false;
}

static const char *example(enum kind kind)
{
	static const char *const examples[] = {"",
					       "an address such as 127.0.0.1:8000, or unix:/run/it",
					       "a duration such as 30s or 24h",
					       "milliseconds such as 5000, or 5s",
					       "a number",
					       "a size such as 64MB"};

	return examples[kind];
}

/* The unit in which the table has the bounds. */
static const char *bound_unit(enum kind kind)
{
	return kind == DURATION || kind == MILLIS ? "ms" : kind == SIZE ? "B" : "";
}

/* How many processors this process may use, at most `most`. */
static int64_t processors(int64_t most)
{
	cpu_set_t mine;
	int count = sched_getaffinity(0, sizeof(mine), &mine) == 0 ? CPU_COUNT(&mine) : 1;

	return count < most ? count : most;
}

static bool take_value(struct config *c, const struct option *o, const char *text, bool given)
{
	void *place = (char *)c + o->at;
	int64_t number = 0;

	if (text[0] == '\0' && given && !(o->flags & MAY_BE_EMPTY)) {
		log_complain("%s is empty", o->name);
		return false;
	}
	if ((o->flags & MAY_BE_OFF) && strcmp(text, "off") == 0) {
		*(int64_t *)place = -1;
		return true;
	}
	if ((o->flags & MAY_BE_AUTO) && strcmp(text, "auto") == 0) {
		*(int64_t *)place = processors(o->most);
		return true;
	}
	if (text[0] != '\0' &&
	    (o->kind == ADDRESS ? !listening_is_address(text)
				: o->kind != TEXT && !parse_value(o, text, &number))) {
		log_complain("%s is '%s', not %s%s", o->name, text, example(o->kind),
			     o->flags & MAY_BE_OFF    ? ", nor off"
			     : o->flags & MAY_BE_AUTO ? ", nor auto"
						      : "");
		return false;
	}
	if (o->kind == TEXT || o->kind == ADDRESS) {
		*(const char **)place = text[0] == '\0' ? NULL : text;
		return true;
	}
	if (text[0] != '\0' && (number < o->least || number > o->most)) {
		log_complain("%s is '%s', out of its range: %" PRId64 "%s to %" PRId64 "%s",
			     o->name, text, o->least, bound_unit(o->kind), o->most,
			     bound_unit(o->kind));
		return false;
	}
	*(int64_t *)place = number;
	return true;
}

static bool check_database(const struct config *c)
{
	const char *fault = c->database_url == NULL ? NULL : conninfo_fault(c->database_url);

	if (fault != NULL)
		log_complain("database-url %s", fault);
	return fault == NULL;
}

/* Cuts a list at its commas. False if it has more than `most` pieces. The last piece is NULL. */
static bool cut_list(char *rest, const char **pieces, size_t most)
{
	char *piece;
	size_t count = 0;

	while ((piece = commas_next(&rest)) != NULL) {
		if (count == most)
			return false;
		pieces[count++] = piece;
	}
	pieces[count] = NULL;
	return true;
}

/*
 * Splits a list at its commas. False if it has more than `most` pieces. The pieces point into
 * *ret_copy, which the caller frees.
 */
static bool split_list(const char *text, char **ret_copy, const char **pieces, size_t most)
{
	*ret_copy = xstrdup(text == NULL ? "" : text);
	return cut_list(*ret_copy, pieces, most);
}

/* The same as one block, whose pointers come first. NULL if there is none. */
static const char **list_of(const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text), most = len / 2 + 2;
	const char **list = xcalloc(1, most * sizeof(*list) + len + 1);
	char *copy = (char *)(list + most);

	memcpy(copy, text == NULL ? "" : text, len);
	if (cut_list(copy, list, most - 1) && list[0] != NULL)
		return list;
	free(list);
	return NULL;
}

static bool check_sources(struct config *c)
{
	static const char *const names[TOKEN_SOURCES] = {"cookie", "header", "query"};
	const char *pieces[TOKEN_SOURCES + 1];
	bool good = split_list(c->token_sources, &c->sources_text, pieces, TOKEN_SOURCES);

	for (size_t i = 0; i < TOKEN_SOURCES; i++)
		c->http.sources[i] = TOKEN_NOWHERE;
	for (size_t i = 0; good && pieces[i] != NULL; i++) {
		size_t s = 0;

		while (s < TOKEN_SOURCES && strcmp(names[s], pieces[i]) != 0)
			s++;
		good = s < TOKEN_SOURCES;
		if (good)
			c->http.sources[i] = (enum token_source)s;
	}
	if (!good)
		log_complain("token-sources is '%s', not a list of cookie, header and query",
			     c->token_sources);
	return good;
}

static bool check_origins(struct config *c)
{
	if (!split_list(c->allowed_origins, &c->origins_text, c->origins, CONFIG_ORIGINS_MAX)) {
		log_complain("allowed-origins has more than %d origins", CONFIG_ORIGINS_MAX);
		return false;
	}
	for (size_t i = 0; c->origins[i] != NULL; i++) {
		const char *fault = origin_normalise((char *)(uintptr_t)c->origins[i]);

		if (fault == NULL)
			continue;
		log_complain("allowed-origins has '%s': %s", c->origins[i], fault);
		return false;
	}
	return true;
}

static bool check_proxies(struct config *c)
{
	const char *bad = proxies_read(&c->http.proxies, c->trusted_proxies);

	if (bad == NULL)
		return true;
	log_complain("trusted-proxies has '%.*s', which is no address, no network such as "
		     "10.0.0.0/8 and not unix, or is more than %d",
		     (int)strcspn(bad, ","), bad, PROXIES_MAX);
	return false;
}

/* The kernel spreads connections over the sockets of one port, and has no such thing for a path. */
static bool check_workers(const struct config *c)
{
	char *copy = xstrdup(c->listen), *rest = copy;
	bool good = true;

	for (char *one; c->workers > 1 && good && (one = commas_next(&rest)) != NULL;)
		good = listening_path(one) == NULL;
	free(copy);
	if (!good)
		log_complain("listen has a unix socket, which %" PRId64
			     " workers cannot share: give an address and a port, or workers = 1",
			     c->workers);
	return good;
}

static bool check_words(struct config *c)
{
	if (!log_level_parse(c->log_level_name, &c->log_level)) {
		log_complain("log-level is '%s', not error, warn, info or debug",
			     c->log_level_name);
		return false;
	}
	if (!wake_parse(c->wake_name, &c->wake)) {
		log_complain("wake is '%s', not adaptive, always or never", c->wake_name);
		return false;
	}
	c->log_json = strcmp(c->log_format, "json") == 0;
	if (!c->log_json && strcmp(c->log_format, "text") != 0) {
		log_complain("log-format is '%s', not text or json", c->log_format);
		return false;
	}
	return true;
}

#define ADMIN_TOKEN_MIN 16
#define ADMIN_TOKEN_MAX 512

static bool read_admin_token(struct config *c)
{
	const char *why;
	struct file f;
	size_t len;

	if (!file_read(&f, c->admin_token_file, ADMIN_TOKEN_MAX + 2, &why)) {
		log_complain("cannot read admin-token-file '%s': %s", c->admin_token_file, why);
		return false;
	}
	len = strcspn(f.bytes, "\r\n");
	why = file_exposure(&f, true);
	if (why != NULL)
		log_complain("admin-token-file '%s': %s", c->admin_token_file, why);
	else if (len >= ADMIN_TOKEN_MIN && len <= ADMIN_TOKEN_MAX)
		c->admin_token = xstrndup(f.bytes, len);
	else
		log_complain("the first line of admin-token-file '%s' has %zu bytes, not %d to %d",
			     c->admin_token_file, len, ADMIN_TOKEN_MIN, ADMIN_TOKEN_MAX);
	file_release(&f);
	return c->admin_token != NULL;
}

static bool check_console(struct config *c)
{
	c->console = strcmp(c->console_word, "on") == 0;
	if (!c->console && strcmp(c->console_word, "off") != 0) {
		log_complain("console is '%s', not on or off", c->console_word);
		return false;
	}
	return c->admin_token_file == NULL || read_admin_token(c);
}

static bool check_cookie(const struct config *c)
{
	bool good = cookie_name_is_good(c->jwt_cookie);

	if (!good)
		log_complain("jwt-cookie is '%s', which no cookie can be named", c->jwt_cookie);
	return good;
}

/* A list of nothing would let everybody's tokens in. */
static bool check_names(struct config *c)
{
	const char *empty;

	c->issuers = list_of(c->jwt_issuer);
	c->audiences = list_of(c->jwt_audience);
	empty = c->jwt_issuer != NULL && c->issuers == NULL       ? "jwt-issuer"
		: c->jwt_audience != NULL && c->audiences == NULL ? "jwt-audience"
								  : NULL;
	if (empty != NULL)
		log_complain("%s has commas only, and names none", empty);
	return empty == NULL;
}

/* What the descriptors of all workers allow. */
static size_t streams_most(const struct config *c)
{
	return files_for_streams(files_limit()) * (size_t)c->workers;
}

static void fill_http(struct config *c)
{
	c->http.token.keys = c->keyring;
	c->http.token.verified = c->verified;
	c->http.token.issuers = c->issuers;
	c->http.token.audiences = c->audiences;
	c->http.token.subject = c->jwt_subject;
	c->http.token.leeway_ms = c->jwt_leeway_ms;
	c->http.cookie = c->jwt_cookie;
	c->http.heartbeat_ms = (int)c->heartbeat_ms;
	c->http.retry_ms = (int)c->retry_ms;
	c->http.max_streams = c->max_streams == 0 ? streams_most(c) : (size_t)c->max_streams;
	c->http.max_streams_per_user = (size_t)c->max_streams_per_user;
	c->http.max_streams_per_ip = (size_t)c->max_streams_per_ip;
	c->http.compress_above = c->compress_above;
	c->http.origins = c->origins;
}

bool config_take_values(struct config *c)
{
	for (size_t i = 0; i < config_option_count; i++) {
		bool given = c->text[i] != NULL;

		if (!given)
			config_set_text(c, i, config_options[i].fallback, CONFIG_DEFAULT);
		if (!take_value(c, &config_options[i], c->text[i], given))
			return false;
	}
	if (!check_database(c) || !check_words(c) || !check_sources(c) || !check_cookie(c) ||
	    !check_origins(c) || !check_proxies(c) || !check_console(c) || !check_workers(c) ||
	    !check_names(c) || !config_take_keys(c))
		return false;
	fill_http(c);
	return true;
}

bool config_fits_process(const struct config *c)
{
	size_t limit = files_limit() * (size_t)c->workers, most = streams_most(c);

	if (c->http.max_streams <= most)
		return true;
	log_complain("max-streams is %zu, but this program may have %zu descriptors, of which "
		     "streams can take %zu: lower it, or "
		     "raise the limit (LimitNOFILE= of systemd, ulimit -Hn)",
		     c->http.max_streams, limit, most);
	return false;
}
