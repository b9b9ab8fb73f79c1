/* SPDX-License-Identifier: PostgreSQL */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/xalloc.h"
#include "outlet/seal.h"
#include "config_table.h"

/* The options, in the order in which help, sample and manual show them. */
static const struct option options[] = {
	{"database-url", "URL", "", "DATABASE_URL", TEXT, SECRET | MAY_BE_EMPTY, AT(database_url),
	 0, 0, "the database; empty: libpq's own environment (PGHOST, PGDATABASE, …)"},
	{"listen", "HOST:PORT", "127.0.0.1:8000", NULL, ADDRESS, 0, AT(listen), 0, 0,
	 "where streams are served; several joined by commas; unix:/path is a unix socket"},
	{"admin-listen", "HOST:PORT", "127.0.0.1:8001", NULL, ADDRESS, MAY_BE_EMPTY,
	 AT(admin_listen), 0, 0, "/metrics, /healthz, /readyz and the console; empty: off"},
	{"console", "on|off", "on", NULL, TEXT, RELOAD, AT(console_word), 0, 0,
	 "a page for operators at admin-listen"},
	{"admin-token-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(admin_token_file), 0,
	 0,
	 "file with the token that the console asks for; without it the console is for loopback "
	 "addresses only"},
	{"jwt-secret", "TEXT", "", NULL, TEXT, RELOAD | SECRET, AT(jwt_secret), 0, 0,
	 "key of HS tokens, at least 32 bytes; better in a file: others can see flags and "
	 "environment"},
	{"jwt-secret-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_secret_file), 0,
	 0, "file with the key of HS tokens; a line end at its end does not count"},
	{"jwt-public-key-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY,
	 AT(jwt_public_key_file), 0, 0,
	 "PEM file with the public key of RS, PS, ES or EdDSA tokens; RSA at least 2048 bits"},
	{"jwks-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwks_file), 0, 0,
	 "JSON Web Key Set with up to 64 keys (oct, RSA, EC, OKP), chosen by kid; for rotation"},
	{"oidc-issuer", "LIST", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(oidc_issuer), 0, 0,
	 "identity providers, by their iss, joined by commas; the document at "
	 "ISSUER/.well-known/openid-configuration says where their keys are"},
	{"jwks-url", "LIST", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwks_url), 0, 0,
	 "where providers without such a document have their key set; each a URL, or 'ISSUER URL'"},
	{"jwks-ca-file", "FILE", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwks_ca_file), 0, 0,
	 "certificates that vouch for the providers' servers; empty: the system's"},
	{"jwt-algorithm", "NAME", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_algorithm), 0, 0,
	 "HS, RS, PS or ES with 256, 384 or 512, such as RS256, or EdDSA; no other is accepted. "
	 "Empty: HS256 with a secret, else what the key is for"},
	{"jwt-issuer", "LIST", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_issuer), 0, 0,
	 "iss is one of these, joined by commas; empty: not checked"},
	{"jwt-audience", "LIST", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(jwt_audience), 0, 0,
	 "aud has one of these, joined by commas; empty: not checked"},
	{"jwt-subject", "NAME", "sub", NULL, TEXT, RELOAD, AT(jwt_subject), 0, 0,
	 "claim that names the user, or its path, such as user.id; a whole number is taken as "
	 "text"},
	{"jwt-leeway", "DURATION", "30s", NULL, DURATION, RELOAD, AT(jwt_leeway_ms), 0, 600000,
	 "how far clocks may differ"},
	{"jwt-cookie", "NAME", "jwt", NULL, TEXT, RELOAD, AT(jwt_cookie), 0, 0,
	 "cookie that holds the token; POST /stream/session sets it"},
	{"token-sources", "LIST", "cookie,header,query", NULL, TEXT, RELOAD, AT(token_sources), 0,
	 0, "where a token is looked for; the first that has one decides"},
	{"heartbeat", "DURATION", "30s", NULL, DURATION, RELOAD, AT(heartbeat_ms), 50, 3600000,
	 "silence after which a stream is pinged, and again after as much"},
	{"retry", "DURATION", "2s", NULL, DURATION, RELOAD, AT(retry_ms), 0, 3600000,
	 "how long browsers wait before they reconnect"},
	{"workers", "N", "1", NULL, COUNT, MAY_BE_AUTO, AT(workers), 1, CREW_MOST,
	 "processes that serve at the same address; auto: one for each processor"},
	{"max-streams", "N", "", NULL, COUNT, RELOAD | MAY_BE_EMPTY, AT(max_streams), 1, 10000000,
	 "open streams of all workers, at most what their descriptors allow; empty: that"},
	{"max-streams-per-user", "N", "100", NULL, COUNT, RELOAD, AT(max_streams_per_user), 0,
	 10000000, "0: no limit"},
	{"max-streams-per-ip", "N", "0", NULL, COUNT, RELOAD, AT(max_streams_per_ip), 0, 10000000,
	 "0: no limit; keep it so behind a proxy that is not in trusted-proxies, for its address "
	 "would count for all"},
	{"trusted-proxies", "LIST", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(trusted_proxies), 0,
	 0,
	 "proxies whose X-Forwarded-For, Forwarded or PROXY head says who asks: addresses and "
	 "networks such as 10.0.0.0/8, and unix, joined by commas"},
	{"allowed-origins", "LIST", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(allowed_origins), 0,
	 0,
	 "origins whose pages may read streams, joined by commas; https://*.example.com is every "
	 "host below example.com"},
	{"log-size", "SIZE", "64MB", NULL, SIZE, 0, AT(log_size), 1 << 20, INT64_C(1) << 36,
	 "the shared log in memory: what late subscribers find there costs no query"},
	{"compress-above", "SIZE", "1KB", NULL, SIZE, RELOAD | MAY_BE_OFF, AT(compress_above), 0,
	 1 << 30,
	 "streams of clients that take gzip: events longer than this are compressed, once for all "
	 "of them; off: none is"},
	{"retention", "DURATION", "24h", NULL, DURATION, RELOAD, AT(retention_ms), 1000,
	 INT64_C(86400000) * 3650, "how long changes are kept in the database"},
	{"wake", "NAME", "adaptive", NULL, TEXT, 0, AT(wake_name), 0, 0,
	 "how writers wake this program: adaptive (they ring while it sleeps), always, or never "
	 "(it polls; for two-phase commit)"},
	{"poll-interval", "MS", "5000", "POLL_INTERVAL", MILLIS, 0, AT(poll_interval_ms), 1,
	 3600000,
	 "safety poll, in milliseconds or with a unit: bounds what a lost doorbell can cost"},
	{"encryption-key", "TEXT", "", "SSE_ENCRYPTION_KEY", TEXT, RELOAD | SECRET,
	 AT(encryption_key), 0, 0,
	 "key of sealed streams, at least 32 characters, random ones: nothing else protects what "
	 "is sealed"},
	{"encryption-key-id", "NAME", "", NULL, TEXT, RELOAD | MAY_BE_EMPTY, AT(encryption_key_id),
	 0, 0,
	 "by which clients that have several keys find this one: letters, digits and _; change it "
	 "with the key"},
	{"ready-grace", "DURATION", "30s", NULL, DURATION, RELOAD, AT(ready_grace_ms), 0, 86400000,
	 "how long /readyz stays 200 while the database is away; clients are held meanwhile"},
	{"drain-delay", "DURATION", "0s", NULL, DURATION, RELOAD, AT(drain_delay_ms), 0, 300000,
	 "after SIGTERM: how long /readyz says 503 while clients still come in, before streams "
	 "end"},
	{"log-level", "NAME", "info", NULL, TEXT, RELOAD, AT(log_level_name), 0, 0,
	 "error, warn, info or debug"},
	{"log-format", "NAME", "text", NULL, TEXT, RELOAD, AT(log_format), 0, 0, "text or json"},
};

const struct option *const config_options = options;
const size_t config_option_count = ARRAY_SIZE(options);

void config_init(struct config *c)
{
	*c = (struct config){.keyring = NULL};
}

/* Removes the i-th text. Of a secret nothing is left. */
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
	if (c->admin_token != NULL)
		explicit_bzero(c->admin_token, strlen(c->admin_token));
	free(c->admin_token);
	free(c->origins_text);
	free(c->issuers);
	free(c->audiences);
	free(c->sources_text);
	provider_sources_release(&c->providers);
	config_init(c);
}

void config_forget_keys(struct config *c)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if ((options[i].flags & SECRET) && (options[i].flags & RELOAD) &&
		    c->from[i] == CONFIG_FILE)
			explicit_bzero((char *)(uintptr_t)c->text[i], strlen(c->text[i]));
	keyring_release(c->keyring);
	seal_free(c->seal);
	c->seal = NULL;
}

size_t config_find(const char *name, size_t len)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(options) &&
	       (strlen(options[i].name) != len || memcmp(options[i].name, name, len) != 0))
		i++;
	return i;
}

void config_try_names(struct nearest *n)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		nearest_try(n, options[i].name);
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

/* Reads the file, then gives meaning to all values. Flags and environment have been read. */
static bool finish(struct config *c, const char *file)
{
	c->file = file == NULL ? NULL : xstrdup(file);
	if (file != NULL && !config_read_file(c, file))
		return false;
	return config_take_values(c);
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
