/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/units.h"
#include "base/xalloc.h"
#include "http/seal.h"

#define CONFIG_FILE_BYTES_MAX (1 << 20)

enum kind { TEXT, ADDRESS, DURATION, MILLIS, COUNT, SIZE };

enum { RELOAD = 1, SECRET = 2, MAY_BE_EMPTY = 4 };

#define AT(member) offsetof(struct config, member)

/* The options, in the order in which help, sample and README show them. */
static const struct option {
	const char *name, *value, *fallback, *alias; /* alias: another environment variable */
	enum kind kind;
	int flags;
	size_t at;
	int64_t least, most; /* of numbers; durations in milliseconds */
	const char *help;
} options[] = {
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
	{"heartbeat", "DURATION", "30s", NULL, DURATION, RELOAD, AT(heartbeat_ms), 50, 3600000, "time between two pings"},
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

void config_init(struct config *c)
{
	*c = (struct config){.keyring = NULL};
}

/* The i-th text goes; of a secret nothing is left. */
static void drop(struct config *c, size_t i)
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
		drop(c, i);
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

/* --- where values come from --- */

static size_t find_option(const char *name, size_t len)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(options) && (strlen(options[i].name) != len || memcmp(options[i].name, name, len) != 0))
		i++;
	return i;
}

bool config_is_secret(const char *name, size_t name_len)
{
	size_t i = find_option(name, name_len);

	return i < ARRAY_SIZE(options) && (options[i].flags & SECRET);
}

static void set(struct config *c, size_t i, const char *value, enum config_from from)
{
	drop(c, i);
	c->text[i] = xstrdup(value);
	c->from[i] = from;
}

bool config_set_flag(struct config *c, const char *name, size_t name_len, const char *value)
{
	size_t i = find_option(name, name_len);

	if (i == ARRAY_SIZE(options))
		return false;
	set(c, i, value, CONFIG_FLAG);
	return true;
}

static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return text;
}

/* One line of the file: "key = value", a comment or nothing. seen: keys that this file has set. */
static bool read_line(struct config *c, char *line, const char *file, int number, bool *seen)
{
	char *key = trim(line), *equals = strchr(key, '=');
	size_t i;

	if (key[0] == '\0' || key[0] == '#')
		return true;
	if (equals == NULL) { /* it is not shown: it may be the rest of a secret */
		fprintf(stderr, "pgherald: %s, line %d is not of the form key = value\n", file, number);
		return false;
	}
	*equals = '\0';
	key = trim(key);
	i = find_option(key, strlen(key));
	if (i == ARRAY_SIZE(options) || seen[i]) {
		fprintf(stderr, "pgherald: %s, line %d: %s '%s'\n", file, number,
			i == ARRAY_SIZE(options) ? "there is no option" : "a second value for", key);
		return false;
	}
	seen[i] = true;
	if (c->text[i] == NULL) /* else a flag or the environment has set it */
		set(c, i, trim(equals + 1), CONFIG_FILE);
	return true;
}

static bool read_lines(struct config *c, struct file *f, const char *name)
{
	bool seen[ARRAY_SIZE(options)] = {false};
	char *line = f->bytes, *end = f->bytes + f->len;

	for (int number = 1; line < end; number++) {
		char *line_end = memchr(line, '\n', (size_t)(end - line));

		line_end = line_end == NULL ? end : line_end;
		*line_end = '\0';
		if (strlen(line) != (size_t)(line_end - line)) {
			fprintf(stderr, "pgherald: %s, line %d has a NUL byte\n", name, number);
			return false;
		}
		if (!read_line(c, line, name, number, seen))
			return false;
		line = line_end + 1;
	}
	return true;
}

/* Who can read the file has the key of all tokens; who can write it chooses the key. */
static bool is_guarded(const struct config *c, const struct file *f, const char *name)
{
	static const char *const secrets[] = {"jwt-secret", "encryption-key"};

	for (size_t k = 0; k < ARRAY_SIZE(secrets); k++) {
		size_t i = find_option(secrets[k], strlen(secrets[k]));

		if (c->text[i] == NULL || c->from[i] != CONFIG_FILE || !(f->mode & (S_IROTH | S_IWOTH)))
			continue;
		fprintf(stderr, "pgherald: %s has %s in it, and everybody can read or write this file: chmod 600 it\n", name, secrets[k]);
		return false;
	}
	return true;
}

static bool read_file(struct config *c, const char *name)
{
	const char *why;
	struct file f;
	bool good;

	if (!file_read(&f, name, CONFIG_FILE_BYTES_MAX, &why)) {
		fprintf(stderr, "pgherald: cannot read the configuration file '%s': %s\n", name, why);
		return false;
	}
	good = read_lines(c, &f, name) && is_guarded(c, &f, name);
	file_release(&f);
	return good;
}

#define ENVIRONMENT_NAME_MAX 64

static void environment_name(const struct option *o, char *name)
{
	size_t len = (size_t)sprintf(name, "PGHERALD_");

	for (const char *p = o->name; *p != '\0'; p++)
		name[len++] = *p == '-' ? '_' : (char)toupper((unsigned char)*p);
	name[len] = '\0';
}

/* The variable's value; a secret one is overwritten where it stands, and gone from then on. For the caller to drop. */
static char *take_variable(const char *name, bool secret)
{
	char *value = getenv(name), *copy = value == NULL ? NULL : xstrdup(value);

	if (value != NULL && secret) {
		explicit_bzero(value, strlen(value));
		unsetenv(name);
	}
	return copy;
}

static void drop_copy(char *copy)
{
	if (copy != NULL)
		explicit_bzero(copy, strlen(copy));
	free(copy);
}

/* Is "PGHERALD_X=…" an option, one of the two variables that commands read themselves, or what Kubernetes says to
 * every container about a service of our name? */
static bool is_known_variable(const char *variable)
{
	size_t len = strcspn(variable, "=");
	char name[ENVIRONMENT_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		environment_name(&options[i], name);
		if (strlen(name) == len && memcmp(name, variable, len) == 0)
			return true;
	}
	return strncmp(variable, "PGHERALD_CONFIG=", 16) == 0 || strncmp(variable, "PGHERALD_TOKEN=", 15) == 0 ||
	       strncmp(variable, "PGHERALD_SERVICE_", 17) == 0 || strncmp(variable, "PGHERALD_PORT", 13) == 0;
}

/* PGHERALD_X that is no option is a typing error, and the option it was meant for would go unset unnoticed. */
static bool environment_is_known(void)
{
	for (char **e = environ; *e != NULL; e++) {
		if (strncmp(*e, "PGHERALD_", 9) != 0 || is_known_variable(*e))
			continue;
		fprintf(stderr, "pgherald: the environment has %.*s, and there is no such option\n", (int)strcspn(*e, "="), *e);
		return false;
	}
	return true;
}

/* Secrets are taken out of it also where a flag has set the option. */
static void read_environment(struct config *c)
{
	char name[ENVIRONMENT_NAME_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		bool secret = options[i].flags & SECRET;
		char *own, *other;

		environment_name(&options[i], name);
		own = take_variable(name, secret);
		other = options[i].alias == NULL ? NULL : take_variable(options[i].alias, secret);
		if (c->text[i] == NULL && (own != NULL || other != NULL))
			set(c, i, own != NULL ? own : other, CONFIG_ENVIRONMENT);
		drop_copy(own);
		drop_copy(other);
	}
}

/* A URL or libpq's keywords with a password in it. */
static bool has_password(const char *url)
{
	const char *scheme = strstr(url, "://"), *at = scheme == NULL ? NULL : strchr(scheme + 3, '@');
	const char *colon = at == NULL ? NULL : memchr(scheme + 3, ':', (size_t)(at - scheme - 3));

	return strstr(url, "password=") != NULL || strstr(url, "password =") != NULL || (colon != NULL && colon + 1 < at);
}

/* They are overwritten at once (cli.c), but the line was there, and stays in the shell's history and whatever starts this. */
static void warn_of_flags(const struct config *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (!(options[i].flags & SECRET) || c->from[i] != CONFIG_FLAG || c->text[i][0] == '\0')
			continue;
		if (options[i].at != AT(database_url))
			log_warn("--%s on the command line can be seen by others: give it in a file", options[i].name);
		else if (has_password(c->text[i]))
			log_warn("--%s on the command line has a password that others can see: give it in a file", options[i].name);
	}
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
	if (text[0] != '\0' && (o->kind == ADDRESS ? !units_is_address(text) : o->kind != TEXT && !parse_value(o, text, &number))) {
		fprintf(stderr, "pgherald: %s is '%s', not %s\n", o->name, text, example(o->kind));
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
		piece = trim(piece);
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
	c->http.origins = c->origins;
}

/* What is behind flags and environment. */
static bool finish(struct config *c, const char *file)
{
	c->file = file == NULL ? NULL : xstrdup(file);
	if (file != NULL && !read_file(c, file))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		bool given = c->text[i] != NULL;

		if (!given)
			set(c, i, options[i].fallback, CONFIG_DEFAULT);
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
	if (!environment_is_known())
		return false;
	read_environment(c);
	warn_of_flags(c);
	return finish(c, file);
}

bool config_reload(struct config *c, const struct config *first)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (first->from[i] == CONFIG_ENVIRONMENT || first->from[i] == CONFIG_FLAG)
			set(c, i, first->text[i], first->from[i]);
	return finish(c, first->file);
}

/* --- what is shown --- */

static const char *shown(const struct option *o, const char *value)
{
	return (o->flags & SECRET) && value[0] != '\0' ? "(hidden)" : value;
}

/* A file may have other keys under the same name. */
static void log_keys(const struct keyring *from, const struct keyring *to)
{
	size_t fresh = 0, gone = 0;

	for (size_t i = 0; i < to->count; i++)
		fresh += !keyring_has(from, to->keys[i].mark);
	for (size_t i = 0; i < from->count; i++)
		gone += !keyring_has(to, from->keys[i].mark);
	if (fresh > 0 || gone > 0)
		log_info("tokens are verified with %zu keys now: %zu new ones, and %zu are taken no more", to->count, fresh, gone);
}

void config_log_changes(const struct config *from, const struct config *to)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(from->text[i], to->text[i]) == 0)
			continue;
		if (options[i].flags & RELOAD)
			log_info("%s is '%s' now", options[i].name, shown(&options[i], to->text[i]));
		else
			log_warn("%s was changed: restart for it to be used", options[i].name);
	}
	log_keys(from->keyring, to->keyring);
}

void config_print_help(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		const struct option *o = &options[i];

		fprintf(out, "  --%s %s\n        %s%s%s%s\n", o->name, o->value, o->help, o->fallback[0] == '\0' ? "" : " [",
			o->fallback, o->fallback[0] == '\0' ? "" : "]");
	}
}

void config_print_sample(FILE *out)
{
	fprintf(out, "# pgherald: every option at its default. Flags and the environment beat this file.\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		fprintf(out, "\n# %s\n#%s = %s\n", options[i].help, options[i].name, options[i].fallback);
}

void config_print_table(FILE *out)
{
	fprintf(out, "| option | default | |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		fprintf(out, "| `%s` | %s | %s%s |\n", options[i].name, options[i].fallback[0] == '\0' ? "-" : options[i].fallback,
			options[i].help, options[i].flags & RELOAD ? "" : " (restart)");
}

void config_print(const struct config *c, FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		fprintf(out, "%s = %s\n", options[i].name, shown(&options[i], c->text[i]));
}
