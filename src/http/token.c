/* SPDX-License-Identifier: PostgreSQL */
#include "http/token.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "http/json.h"

static bool is_base64url(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool token_well_formed(const char *token, size_t len)
{
	int dots = 0;
	size_t segment = 0;

	if (len > TOKEN_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (is_base64url(token[i])) {
			segment++;
			continue;
		}
		if (token[i] != '.' || segment == 0 || ++dots > 2)
			return false;
		segment = 0;
	}
	return dots == 2 && segment > 0;
}

/* A time claim in milliseconds; false unless it is a number that makes sense. NULL: the claim is not there. */
static bool time_claim(struct json_object *claims, const char *name, int64_t *ret_ms, bool *ret_present)
{
	struct json_object *value;
	double seconds;

	*ret_present = json_object_object_get_ex(claims, name, &value);
	if (!*ret_present)
		return true;
	if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
		return false;
	seconds = json_object_get_double(value);
	if (!isfinite(seconds) || seconds < 0 || seconds > 1e14)
		return false;
	*ret_ms = (int64_t)(seconds * 1000);
	return true;
}

/* Is wanted the claim's value, or one of them where it is an array? */
static bool claim_has(struct json_object *claims, const char *name, const char *wanted)
{
	struct json_object *value;
	size_t count = 1;

	if (!json_object_object_get_ex(claims, name, &value))
		return false;
	if (json_object_is_type(value, json_type_array))
		count = json_object_array_length(value);
	for (size_t i = 0; i < count; i++) {
		struct json_object *one = json_object_is_type(value, json_type_array)
						  ? json_object_array_get_idx(value, i)
						  : value;

		if (json_object_is_type(one, json_type_string) && strcmp(json_object_get_string(one), wanted) == 0)
			return true;
	}
	return false;
}

static bool check_times(const struct token_options *options, struct identity *id, int64_t now_ms, const char **ret_why)
{
	int64_t leeway = options->leeway_ms, exp = 0, nbf = 0;
	bool has_exp, has_nbf;

	*ret_why = "its exp or nbf is not a number";
	if (!time_claim(id->claims, "exp", &exp, &has_exp) || !time_claim(id->claims, "nbf", &nbf, &has_nbf))
		return false;
	*ret_why = "it has no exp";
	if (!has_exp)
		return false;
	id->ends_ms = exp + leeway;
	*ret_why = "it has expired";
	if (id->ends_ms <= now_ms)
		return false;
	*ret_why = "it is not valid yet";
	return !has_nbf || nbf - leeway <= now_ms;
}

static bool check_claims(const struct token_options *options, struct identity *id, int64_t now_ms,
			 const char **ret_why)
{
	struct json_object *sub;

	*ret_why = "its payload is not a JSON object";
	if (!json_object_is_type(id->claims, json_type_object))
		return false;
	if (!check_times(options, id, now_ms, ret_why))
		return false;
	*ret_why = "its issuer is not the configured one";
	if (options->issuer != NULL && !claim_has(id->claims, "iss", options->issuer))
		return false;
	*ret_why = "its audience is not the configured one";
	if (options->audience != NULL && !claim_has(id->claims, "aud", options->audience))
		return false;
	*ret_why = "its sub is not a string";
	if (json_object_object_get_ex(id->claims, "sub", &sub)) {
		if (!json_object_is_type(sub, json_type_string))
			return false;
		id->sub = json_object_get_string(sub);
	}
	struct json_object *jti;
	int64_t issued = INT64_MIN;
	bool has;
	if (json_object_object_get_ex(id->claims, "jti", &jti) && json_object_is_type(jti, json_type_string))
		id->jti = json_object_get_string(jti);
	(void)!time_claim(id->claims, "iat", &issued, &has);
	id->issued_ms = issued;
	return true;
}

/* The payload of a token whose signature and algorithm are right; NULL otherwise. */
static struct json_object *verified_claims(const struct token_options *options, const char *token)
{
	struct json_object *claims = NULL;
	jwt_t *jwt = NULL;
	char *json;

	if (jwt_decode(&jwt, token, options->key, (int)options->key_len) != 0)
		return NULL;
	if (jwt_get_alg(jwt) == options->algorithm && (json = jwt_get_grants_json(jwt, NULL)) != NULL) {
		claims = json_parse(json, strlen(json));
		free(json);
	}
	jwt_free(jwt);
	return claims;
}

bool token_verify(const struct token_options *options, const char *token, int64_t now_ms,
		  struct identity *ret_identity, const char **ret_why)
{
	struct identity id = {.claims = NULL};

	*ret_why = "it has not the form of a token";
	if (!token_well_formed(token, strlen(token)))
		return false;
	*ret_why = "no key is configured";
	if (options->key == NULL)
		return false;
	*ret_why = "its signature or algorithm is wrong";
	id.claims = verified_claims(options, token);
	if (id.claims == NULL)
		return false;
	if (!check_claims(options, &id, now_ms, ret_why)) {
		identity_release(&id);
		return false;
	}
	*ret_identity = id;
	return true;
}
