/* SPDX-License-Identifier: PostgreSQL */
#include "http/entitlement.h"

#include <string.h>

#include "http/json.h"

/* Does this text equal an allowed value of require? "params.x" among them stands for the request's parameter x. */
static bool is_allowed(const char *have, struct json_object *allowed, const struct params *params)
{
	for (size_t i = 0; i < json_object_array_length(allowed); i++) {
		const char *value = json_scalar_text(json_object_array_get_idx(allowed, i));

		if (value == NULL)
			continue;
		if (strncmp(value, "params.", 7) == 0) {
			const struct text *param = params_find(params, value + 7);

			if (param != NULL && text_is(*param, have))
				return true;
		} else if (strcmp(value, have) == 0) {
			return true;
		}
	}
	return false;
}

/* One claim against its allowed values; any element of an array claim will do. */
static bool claim_allowed(struct json_object *claim, struct json_object *allowed, const struct params *params)
{
	if (!json_object_is_type(claim, json_type_array)) {
		const char *have = json_scalar_text(claim);

		return have != NULL && is_allowed(have, allowed, params);
	}
	for (size_t i = 0; i < json_object_array_length(claim); i++) {
		const char *have = json_scalar_text(json_object_array_get_idx(claim, i));

		if (have != NULL && is_allowed(have, allowed, params))
			return true;
	}
	return false;
}

static bool all_allowed(struct json_object *alternative, struct json_object *claims, const struct params *params)
{
	json_object_object_foreach (alternative, name, allowed) {
		struct json_object *claim;

		if (!json_object_object_get_ex(claims, name, &claim) || !claim_allowed(claim, allowed, params))
			return false;
	}
	return true;
}

bool entitlement_requires(const char *require, struct json_object *claims, const struct params *params)
{
	struct json_object *parsed = json_parse(require, strlen(require));
	bool met = false;

	if (json_object_is_type(parsed, json_type_object))
		met = all_allowed(parsed, claims, params);
	else if (json_object_is_type(parsed, json_type_array))
		for (size_t i = 0; i < json_object_array_length(parsed) && !met; i++)
			met = all_allowed(json_object_array_get_idx(parsed, i), claims, params);
	json_object_put(parsed);
	return met;
}

static void want_claim(struct wanted *w, size_t key, const char *name, struct json_object *claim)
{
	bool list = json_object_is_type(claim, json_type_array);
	size_t count = list ? json_object_array_length(claim) : 1;

	for (size_t i = 0; i < count && w->keys[key].count <= WANTED_VALUES_MAX; i++) {
		const char *value = json_scalar_text(list ? json_object_array_get_idx(claim, i) : claim);

		if (value != NULL)
			wanted_add(w, key, name, value, strlen(value));
	}
}

/* The values that one key of match may have. False: a parameter is missing. */
static bool want_source(struct wanted *w, size_t key, const struct stream_def *def, const struct identity *id,
			const struct params *params)
{
	const char *name = def->match_key[key], *source = def->match_source[key];
	struct json_object *claim;

	if (source[0] == '=') {
		wanted_add(w, key, name, source + 1, strlen(source + 1));
	} else if (strncmp(source, "claims.", 7) == 0) {
		if (json_object_object_get_ex(id->claims, source + 7, &claim))
			want_claim(w, key, name, claim);
	} else if (strncmp(source, "params.", 7) == 0) {
		const struct text *param = params_find(params, source + 7);

		if (param == NULL || param->len == 0)
			return false;
		wanted_add(w, key, name, param->bytes, param->len);
	}
	return true;
}

enum entitlement entitlement_decide(const struct stream_def *def, const struct identity *id,
				    const struct params *params, struct wanted *ret_wanted,
				    const char **ret_param)
{
	*ret_wanted = (struct wanted){.count = def->match_count};
	for (size_t k = 0; k < def->match_count; k++) {
		if (want_source(ret_wanted, k, def, id, params))
			continue;
		*ret_param = def->match_source[k] + strlen("params.");
		return ENTITLEMENT_BAD_PARAM;
	}
	if (!def->anonymous && !entitlement_requires(def->require, id->claims, params))
		return ENTITLEMENT_FORBIDDEN;
	for (size_t k = 0; k < def->match_count; k++)
		if (ret_wanted->keys[k].count == 0)
			return ENTITLEMENT_FORBIDDEN;
	return wanted_combinations(ret_wanted) > WANTED_VALUES_MAX ? ENTITLEMENT_FORBIDDEN : ENTITLED;
}
