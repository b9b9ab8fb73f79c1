/* SPDX-License-Identifier: PostgreSQL */
/* server_config.c: the configuration and the keys that are in force, and what changes with them. */
#include <stdlib.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "outlet/tenure.h"
#include "gate/keeper.h"
#include "server_parts.h"

/* --- provider -> gate and outlet: keys of tokens --- */

void server_on_keys(void *ctx, bool changed)
{
	struct server *s = ctx;

	if (changed)
		tenure_keys_changed(&s->outlets);
	keeper_keys_came(&s->gate);
}

void server_on_key_file(void *ctx)
{
	struct server *s = ctx;

	if (config_renew_keys(s->config))
		server_on_keys(s, true);
}

void server_use_key_sources(struct server *s)
{
	keyfile_use(&s->keyfile, config_key_file(s->config));
	providers_use(&s->providers, &s->config->providers, s->config->keyring,
		      s->config->jwks_ca_file);
}

/* --- the configuration --- */

void server_use_config(struct server *s, struct config *config)
{
	s->config = config;
	s->http = config->http;
	s->http.version = PGHERALD_VERSION;
	s->gzip.above = config->compress_above < 0 ? SIZE_MAX : (size_t)config->compress_above;
	/* The door stays where it was bound, whatever the configuration says since. */
	s->console.guard =
		(struct guard){config->console, s->boot->admin_listen, config->admin_token};
	log_setup(config->log_level, config->log_json);
}

void server_free_config(struct config *config)
{
	config_release(config);
	free(config);
}

/* True if there are sealed streams, and the new configuration has no key for them. */
static bool misses_key(const struct server *s, const struct config *fresh)
{
	if (s->config->seal == NULL || fresh->seal != NULL)
		return false;
	strmap_each (const struct stream, stream, &s->router.catalog.streams)
		if (stream->def.sealed)
			return true;
	return false;
}

void server_reload(struct server *s)
{
	struct config *fresh = xcalloc(1, sizeof(*fresh)), *old = s->config;
	bool valid = s->reload(s->reload_ctx, fresh);

	if (!valid || misses_key(s, fresh)) {
		log_error("the configuration stays as it was: the new one %s",
			  valid ? "has no encryption-key, and there are sealed streams"
				: "is not valid");
		server_free_config(fresh);
		return;
	}
	config_log_changes(old, fresh);
	s->ticker.options.retention_s = (int)(fresh->retention_ms / 1000);
	server_use_config(s, fresh);
	server_use_key_sources(s);
	tenure_keys_changed(&s->outlets);
	if (old != s->boot)
		server_free_config(old);
	else
		config_forget_keys(old);
}
