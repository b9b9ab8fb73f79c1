/* SPDX-License-Identifier: PostgreSQL */
/* config_keys.c: the keys that the options name: those of tokens, providers, and that of the seal.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "outlet/seal.h"
#include "config_table.h"

static bool load_keys(const struct config *c, struct keyring *ret_ring, struct buf *why)
{
	struct keyring_source source = {c->jwt_secret, c->jwt_secret_file, c->jwt_public_key_file,
					c->jwks_file, c->jwt_algorithm};

	return keyring_load(ret_ring, &source, why);
}

/* What a provider gives, or the next content of a key set, may be public. */
static bool take_keys(struct config *c)
{
	struct buf why;
	bool good, has_public;

	buf_init(&why);
	c->keyring = xcalloc(1, sizeof(*c->keyring));
	good = load_keys(c, c->keyring, &why) &&
	       provider_sources_read(c->oidc_issuer, c->jwks_url, &c->providers, &why);
	has_public = c->providers.count > 0 || c->jwks_file != NULL;
	if (!good)
		log_complain("%s", why.data);
	for (size_t i = 0; i < c->keyring->count; i++)
		has_public = has_public || !key_is_secret(&c->keyring->keys[i]);
	if (has_public)
		c->verified = xcalloc(1, sizeof(*c->verified));
	buf_release(&why);
	return good;
}

static const char token_key_seals[] =
	"encryption-key is also the key of tokens: everybody who may unseal could sign tokens, use "
	"another";

/* A client that unseals has the encryption key, and could sign tokens with it. */
static bool is_token_key(const struct keyring *ring, const char *password)
{
	for (size_t i = 0; i < ring->count; i++) {
		const struct key *key = &ring->keys[i];

		if (key->len == strlen(password) && memcmp(key->bytes, password, key->len) == 0)
			return true;
	}
	return false;
}

static bool take_seal(struct config *c)
{
	const char *why = NULL;

	if (c->encryption_key == NULL && c->encryption_key_id == NULL)
		return true;
	if (c->encryption_key == NULL)
		why = "encryption-key-id is given, but no encryption-key";
	else if (is_token_key(c->keyring, c->encryption_key))
		why = token_key_seals;
	else
		c->seal = seal_new(c->encryption_key, c->encryption_key_id, &why);
	if (c->seal != NULL)
		return true;
	log_complain("%s", why);
	return false;
}

bool config_take_keys(struct config *c)
{
	return take_keys(c) && take_seal(c);
}

const char *config_key_file(const struct config *c)
{
	return c->jwks_file != NULL         ? c->jwks_file
	       : c->jwt_secret_file != NULL ? c->jwt_secret_file
					    : c->jwt_public_key_file;
}

bool config_renew_keys(struct config *c)
{
	struct keyring fresh;
	struct buf why;
	bool good;

	buf_init(&why);
	good = load_keys(c, &fresh, &why);
	if (good && c->encryption_key != NULL && is_token_key(&fresh, c->encryption_key)) {
		buf_append_str(&why, token_key_seals);
		keyring_release(&fresh);
		good = false;
	}
	if (good) {
		config_log_keys(c->keyring, &fresh);
		keyring_replace(c->keyring, &fresh);
	} else {
		log_error("the keys stay as they were: %s", why.data);
	}
	buf_release(&why);
	return good;
}
