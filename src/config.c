/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "config_table.h"
#include "http/seal.h"

/* The options, in the order in which help, sample and README show them. */
static const struct option options[] = {
	{"database-url", "URL", "", "DATABASE_URL", TEXT, SECRET | MAY_BE_EMPTY, AT(database_url), 0, 0,
	 "the database; empty: libpq's own environment (PGHOST, PGDATABASE, …)"},
	{"listen", "HOST:PORT", "127.0.0.1:8000", NULL, ADDRESS, 0, AT(listen), 0, 0, "where streams are served"},
	{"admin-listen", "HOST:PORT", "127.0.0.1:8001", NULL, ADDRESS, MAY_BE_EMPTY, AT(admin_listen), 0, 0,
	 "/metrics, /healthz, /readyz; empty: off"},
	{"jwt-secret", "TEXT", "", NULL, TEXT, RELOAD | SECRET, AT(jwt_secret), 0, 0,
	 "key of HS tokens, at least 32 bytes; better in a file: others can see flags and environment"},
	{"jwt-secret-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_secret_file), 0, 0,
	 "file with the key of HS tokens; a line end at its end does not count"},
	{"jwt-public-key-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_public_key_file), 0, 0,
	 "PEM file with the public key of RS or ES tokens; RSA at least 2048 bits"},
	{"jwks-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwks_file), 0, 0,
	 "JSON Web Key Set with up to 16 keys (oct, RSA, EC), chosen by kid; for rotation"},
	{"jwt-algorithm", "NAME", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_algorithm), 0, 0,
	 "HS256, HS384, HS512, RS256 …, ES256 …; no other is accepted. Empty: HS256 with a secret, else by the key"},
	{"jwt-issuer", "TEXT", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_issuer), 0, 0, "required iss; empty: not checked"},
	{"jwt-audience", "TEXT", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_audience), 0, 0, "required aud; empty: not checked"},
	{"jwt-leeway", "DURATION", "30s", NULL, DURATION, RELOAD, AT(jwt_leeway_ms), 0, 600000,
	 "how far clocks may differ"},
	{"jwt-cookie", "NAME", "jwt", NULL, TEXT, RELOAD, AT(jwt_cookie), 0, 0, "cookie that holds the token"},
	{"token-sources", "LIST", "cookie,header,query", NULL, TEXT, RELOAD, AT(token_sources), 0, 0,
	 "where a token is looked for; the first that has one decides"},
	{"heartbeat", "DURATION", "30s", NULL, DURATION, RELOAD, AT(heartbeat_ms), 50, 3600000, "silence after which a stream is pinged, and again after as much"},
	{"retry", "DURATION", "2s", NULL, DURATION, RELOAD, AT(retry_ms), 0, 3600000,
	 "how long browsers wait before they reconnect"},
	{"max-streams", "N", "", NULL, COUNT, RELOAD | MAY_BE_EMPTY, AT(max_streams), 1, 10000000,
	 "open streams of this process; empty: from RLIMIT_NOFILE"},
	{"max-streams-per-user", "N", "100", NULL, COUNT, RELOAD, AT(max_streams_per_user), 0, 10000000, "0: no limit"},
	{"max-streams-per-ip", "N", "0", NULL, COUNT, RELOAD, AT(max_streams_per_ip), 0, 10000000, "0: no limit"},
	{"allowed-origins", "LIST", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(allowed_origins), 0, 0,
	 "origins whose pages may read streams, exact, joined by commas"},
	{"log-size", "SIZE", "64MB", NULL, SIZE, 0, AT(log_size), 1 << 20, INT64_C(1) << 36,
	 "the shared log in memory: what late subscribers find there costs no query"},
	{"compress-above", "SIZE", "1KB", NULL, SIZE, RELOAD | MAY_BE_OFF, AT(compress_above), 0, 1 << 30,
	 "streams of clients that take gzip: events longer than this are compressed, once for all of them; off: none is"},
	{"retention", "DURATION", "24h", NULL, DURATION, RELOAD, AT(retention_ms), 1000, INT64_C(86400000) * 3650,
	 "how long changes are kept in the database"},
	{"wake", "NAME", "adaptive", NULL, TEXT, 0, AT(wake_name), 0, 0,
	 "how writers wake this program: adaptive, always, or never (it polls; for two-phase commit)"},
	{"poll-interval", "MS", "5000", "POLL_INTERVAL", MILLIS, 0, AT(poll_interval_ms), 1, 3600000,
	 "safety poll, in milliseconds or with a unit: bounds what a lost doorbell can cost"},
	{"encryption-key", "TEXT", "", "SSE_ENCRYPTION_KEY", TEXT, RELOAD | SECRET, AT(encryption_key), 0, 0,
	 "key of sealed streams, at least 32 characters, random ones: nothing else protects what is sealed"},
	{"encryption-key-id", "NAME", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(encryption_key_id), 0, 0,
	 "by which clients that have several keys find this one: letters, digits and _; change it with the key"},
	{"log-level", "NAME", "info", NULL, TEXT, RELOAD, AT(log_level_name), 0, 0, "error, warn, info or debug"},
	{"log-format", "NAME", "text", NULL, TEXT, RELOAD, AT(log_format), 0, 0, "text or json"},
};

const struct option *const config_options = options;
const size_t config_option_count = ARRAY_SIZE(options);

void config_init(struct config *c)
{
	*c = (struct config){.keyring = NULL};
}

/* The i-th text goes; of a secret nothing is left. */
void config_drop_text(struct config *c, size_t i)
{
	char *text = (char *)(uintptr_t)c->text[i];

	if (text != NULL && (options[i].flags & SECRET))
		explicit_bzero(text, strlen(text));
	free(text);
	c->text[i] = NULL;
}

void config_release(struct config *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		config_drop_text(c, i);
	if (c->keyring != NULL)
		keyring_release(c->keyring);
	free(c->keyring);
	free(c->verified);
	free(c->file);
	seal_free(c->seal);
	free(c->origins_text);
	free(c->sources_text);
	config_init(c);
}

void config_forget_keys(struct config *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((options[i].flags & SECRET) && (options[i].flags & RELOAD) && c->from[i] == CONFIG_FILE)
			explicit_bzero((char *)(uintptr_t)c->text[i], strlen(c->text[i]));
	keyring_release(c->keyring);
	seal_free(c->seal);
	c->seal = NULL;
}

size_t config_find(const char *name, size_t len)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(options) && (strlen(options[i].name) != len || memcmp(options[i].name, name, len) != 0))
		i++;
	return i;
}

bool config_is_secret(const char *name, size_t name_len)
{
	size_t i = config_find(name, name_len);

	return i < ARRAY_SIZE(options) && (options[i].flags & SECRET);
}

void config_set_text(struct config *c, size_t i, const char *value, enum config_from from)
{
	config_drop_text(c, i);
	c->text[i] = xstrdup(value);
	c->from[i] = from;
}

/* --- what values mean --- */

static bool parse_value(const struct option *o, const char *text, int64_t *ret_number)
{
	switch (o->kind) {
	case DURATION:
		return units_parse_duration(text, ret_number);
	case MILLIS:
		return units_parse_count(text, ret_number) || units_parse_duration(text, ret_number);
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
	static const char *const examples[] = {"", "an address such as 127.0.0.1:8000", "a duration such as 30s or 24h", "milliseconds such as 5000, or 5s",
					       "a number", "a size such as 64MB"};

	return examples[kind];
}

static bool take_value(struct config *c, const struct option *o, const char *text, bool given)
{
	void *place = (char *)c + o->at;
	int64_t number = 0;

	if (text[0] == '\0' && given && !(o->flags & MAY_BE_EMPTY)) {
		fprintf(stderr, "pgherald: %s is empty\n", o->name);
		return false;
	}
	if ((o->flags & MAY_BE_OFF) && strcmp(text, "off") == 0) {
		*(int64_t *)place = -1;
		return true;
	}
	if (text[0] != '\0' && (o->kind == ADDRESS ? !units_is_address(text) : o->kind != TEXT && !parse_value(o, text, &number))) {
		fprintf(stderr, "pgherald: %s is '%s', not %s%s\n", o->name, text, example(o->kind), o->flags & MAY_BE_OFF ? ", nor off" : "");
		return false;
	}
	if (o->kind == TEXT || o->kind == ADDRESS) {
		*(const char **)place = text[0] == '\0' ? NULL : text;
		return true;
	}
	if (text[0] != '\0' && (number < o->least || number > o->most)) {
		fprintf(stderr, "pgherald: %s is '%s', out of its range\n", o->name, text);
		return false;
	}
	*(int64_t *)place = number;
	return true;
}

/* Splits a list at its commas; false: more than most. The pieces point into *ret_copy, which the caller frees. */
static bool split_list(const char *text, char **ret_copy, const char **pieces, size_t most)
{
	char *copy = xstrdup(text == NULL ? "" : text), *rest = copy, *piece;
	size_t count = 0;

	*ret_copy = copy;
	while ((piece = strsep(&rest, ",")) != NULL) {
		piece = config_trim(piece);
		if (piece[0] == '\0')
			continue;
		if (count == most)
			return false;
		pieces[count++] = piece;
	}
	pieces[count] = NULL;
	return true;
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
		fprintf(stderr, "pgherald: token-sources is '%s', not a list of cookie, header and query\n", c->token_sources);
	return good;
}

/* "scheme://host[:port]" and nothing behind it: what browsers send (RFC 6454 6.2). */
static bool is_origin(const char *text)
{
	const char *host = strstr(text, "://");

	return host != NULL && host > text && host[3] != '\0' && strpbrk(host + 3, "/?#@* ") == NULL;
}

static bool check_origins(struct config *c)
{
	if (!split_list(c->allowed_origins, &c->origins_text, c->origins, CONFIG_ORIGINS_MAX)) {
		fprintf(stderr, "pgherald: allowed-origins has more than %d origins\n", CONFIG_ORIGINS_MAX);
		return false;
	}
	for (size_t i = 0; c->origins[i] != NULL; i++) {
		if (is_origin(c->origins[i]))
			continue;
		fprintf(stderr, "pgherald: allowed-origins has '%s', which is not an origin such as https://example.com\n",
			c->origins[i]);
		return false;
	}
	return true;
}

static bool check_words(struct config *c)
{
	if (!log_level_parse(c->log_level_name, &c->log_level)) {
		fprintf(stderr, "pgherald: log-level is '%s', not error, warn, info or debug\n", c->log_level_name);
		return false;
	}
	if (!wake_parse(c->wake_name, &c->wake)) {
		fprintf(stderr, "pgherald: wake is '%s', not adaptive, always or never\n", c->wake_name);
		return false;
	}
	c->log_json = strcmp(c->log_format, "json") == 0;
	if (!c->log_json && strcmp(c->log_format, "text") != 0) {
		fprintf(stderr, "pgherald: log-format is '%s', not text or json\n", c->log_format);
		return false;
	}
	return true;
}

static bool check_keys(struct config *c)
{
	struct keyring_source source = {c->jwt_secret, c->jwt_secret_file, c->jwt_public_key_file, c->jwks_file, c->jwt_algorithm};
	struct buf why;
	bool good;

	buf_init(&why);
	c->keyring = xcalloc(1, sizeof(*c->keyring));
	good = keyring_load(c->keyring, &source, &why);
	if (!good)
		fprintf(stderr, "pgherald: %s\n", why.data);
	for (size_t i = 0; i < c->keyring->count; i++)
		if (!key_is_secret(&c->keyring->keys[i]) && c->verified == NULL)
			c->verified = xcalloc(1, sizeof(*c->verified));
	buf_release(&why);
	return good;
}

/* Who unseals has the encryption key, and could sign tokens with it. */
static bool is_token_key(const struct config *c, const char *password)
{
	for (size_t i = 0; i < c->keyring->count; i++) {
		const struct key *key = &c->keyring->keys[i];

		if (key->len == strlen(password) && memcmp(key->bytes, password, key->len) == 0)
			return true;
	}
	return false;
}

static bool check_seal(struct config *c)
{
	const char *why = NULL;

	if (c->encryption_key == NULL && c->encryption_key_id == NULL)
		return true;
	if (c->encryption_key == NULL)
		why = "encryption-key-id is given, but no encryption-key";
	else if (is_token_key(c, c->encryption_key))
		why = "encryption-key is also the key of tokens: everybody who may unseal could sign tokens, use another";
	else
		c->seal = seal_new(c->encryption_key, c->encryption_key_id, &why);
	if (c->seal != NULL)
		return true;
	fprintf(stderr, "pgherald: %s\n", why);
	return false;
}

/* A reserve for the database, the log, and ordinary requests stays free. */
static size_t streams_by_rlimit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == RLIM_INFINITY)
		return 1000000;
	return files.rlim_cur > 256 ? files.rlim_cur - 128 : files.rlim_cur / 2;
}

static void fill_http(struct config *c)
{
	c->http.token.keys = c->keyring;
	c->http.token.verified = c->verified;
	c->http.token.issuer = c->jwt_issuer;
	c->http.token.audience = c->jwt_audience;
	c->http.token.leeway_ms = c->jwt_leeway_ms;
	c->http.cookie = c->jwt_cookie;
	c->http.heartbeat_ms = (int)c->heartbeat_ms;
	c->http.retry_ms = (int)c->retry_ms;
	c->http.max_streams = c->max_streams == 0 ? streams_by_rlimit() : (size_t)c->max_streams;
	c->http.max_streams_per_user = (size_t)c->max_streams_per_user;
	c->http.max_streams_per_ip = (size_t)c->max_streams_per_ip;
	c->http.compress_above = c->compress_above;
	c->http.origins = c->origins;
}

/* What is behind flags and environment. */
static bool finish(struct config *c, const char *file)
{
	c->file = file == NULL ? NULL : xstrdup(file);
	if (file != NULL && !config_read_file(c, file))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		bool given = c->text[i] != NULL;

		if (!given)
			config_set_text(c, i, options[i].fallback, CONFIG_DEFAULT);
		if (!take_value(c, &options[i], c->text[i], given))
			return false;
	}
	if (!check_words(c) || !check_sources(c) || !check_origins(c) || !check_keys(c) || !check_seal(c))
		return false;
	fill_http(c);
	return true;
}

bool config_complete(struct config *c, const char *file)
{
	if (!config_read_environment(c))
		return false;
	config_warn_of_flags(c);
	return finish(c, file);
}

bool config_reload(struct config *c, const struct config *first)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (first->from[i] == CONFIG_ENVIRONMENT || first->from[i] == CONFIG_FLAG)
			config_set_text(c, i, first->text[i], first->from[i]);
	return finish(c, first->file);
}
