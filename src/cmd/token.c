/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/units.h"
#include "auth/json.h"
#include "auth/token.h"
#include "cmd/sign.h"
#include "cmd/token_make.h"

/*
 * Adds the claim of "name=json". A value that is no JSON, or is null, is a string. False if it
 * begins like an object, an array or a string of JSON, and is none.
 */
static bool add_claim(struct json_object *claims, const char *text)
{
	const char *equals = strchr(text, '=');
	struct json_object *value;
	char name[128];

	if (equals == NULL || equals == text || (size_t)(equals - text) >= sizeof(name))
		return false;
	snprintf(name, sizeof(name), "%.*s", (int)(equals - text), text);
	value = json_parse(equals + 1, strlen(equals + 1));
	if (value == NULL && equals[1] != '\0' && strchr("{[\"", equals[1]) != NULL)
		return false;
	json_object_object_add(claims, name,
			       value != NULL ? value : json_object_new_string(equals + 1));
	return true;
}

/* The first key that can sign. NULL if there are only public ones, or none. */
static const struct key *signing_key(const struct keyring *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		if (key_is_secret(&keys->keys[i]))
			return &keys->keys[i];
	return NULL;
}

/* A token that the server would refuse is not printed. */
static bool is_taken(const struct token_options *options, const char *token)
{
	struct identity identity = {.claims = NULL};
	const char *why = "it could not be signed";

	if (token != NULL && token_verify(options, token, clock_wall_ms(), &identity, &why)) {
		identity_release(&identity);
		return true;
	}
	fprintf(stderr, "pgherald: the server would not take this token: %s\n", why);
	return false;
}

/*
 * Adds who the token is for and until when, then all other claims. False if one is wrong, and
 * stderr says why.
 */
static bool fill_claims(const struct cli_call *call, struct json_object *claims, int64_t ttl_ms)
{
	const struct config *config = call->config;
	const struct cli_flag *claim = cli_flag(call, "claim");
	int64_t now_s = clock_wall_ms() / 1000;

	json_object_object_add(claims, config->jwt_subject,
			       json_object_new_string(cli_value(call, "sub")));
	json_object_object_add(claims, "iat", json_object_new_int64(now_s));
	json_object_object_add(claims, "exp", json_object_new_int64(now_s + ttl_ms / 1000));
	if (config->issuers != NULL)
		json_object_object_add(claims, "iss", json_object_new_string(config->issuers[0]));
	if (config->audiences != NULL)
		json_object_object_add(claims, "aud", json_object_new_string(config->audiences[0]));
	for (size_t i = 0; i < claim->count; i++) {
		if (add_claim(claims, claim->given[i]))
			continue;
		cli_usage("--claim is '%s', not of the form name=json", claim->given[i]);
		return false;
	}
	return true;
}

static char *make(const struct config *config, struct json_object *claims)
{
	char *token = sign_token(signing_key(config->keyring), claims);

	if (is_taken(&config->http.token, token))
		return token;
	free(token);
	return NULL;
}

char *token_make(const struct cli_call *call, int64_t ttl_ms, int *ret_result)
{
	struct json_object *claims;
	char *token = NULL;

	if (signing_key(call->config->keyring) == NULL) {
		fprintf(stderr, "pgherald: tokens are signed with the key of jwt-secret-file, "
				"jwt-secret, or an oct key of jwks-file, and there is none\n");
		*ret_result = EXIT_CONFIG;
		return NULL;
	}
	claims = json_object_new_object();
	*ret_result = EXIT_USAGE;
	if (fill_claims(call, claims, ttl_ms)) {
		token = make(call->config, claims);
		*ret_result = token == NULL ? EXIT_FAILED : EXIT_DONE;
	}
	json_object_put(claims);
	return token;
}

int cmd_token(struct cli_call *call)
{
	const char *ttl = cli_value(call, "ttl");
	int64_t ttl_ms = 3600000;
	char *token;
	int result;

	if (call->word_count > 0)
		return cli_usage("token takes no argument, not '%s'", call->words[0]);
	if (cli_value(call, "sub") == NULL)
		return cli_usage("token needs --sub");
	if (ttl != NULL && (!units_parse_duration(ttl, &ttl_ms) || ttl_ms < 1000))
		return cli_usage("--ttl is '%s', not a duration such as 30s or 1h", ttl);
	if (!cli_config(call))
		return EXIT_CONFIG;
	token = token_make(call, ttl_ms, &result);
	if (token != NULL)
		puts(token);
	free(token);
	return result;
}
