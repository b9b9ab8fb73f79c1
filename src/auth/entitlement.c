/* SPDX-License-Identifier: PostgreSQL */
#include "auth/entitlement.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "auth/claims.h"
#include "auth/json.h"

/* --- what is noted for explain --- */

void entitlement_findings_release(struct entitlement_findings *f)
{
	for (size_t i = 0; i < f->count; i++) {
		free(f->alternatives[i].claim);
		free(f->alternatives[i].value);
		free(f->alternatives[i].allowed);
	}
	free(f->alternatives);
	*f = (struct entitlement_findings){.count = 0};
}

static char *json_text(struct json_object *value)
{
	return xstrdup(json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
}

/*
 * A `claim` of NULL means that the alternative is met. `has` means that the token has the claim,
 * which may be null.
 */
static void note_alternative(struct entitlement_findings *f, const char *claim, bool has,
			     struct json_object *value, struct json_object *allowed)
{
	struct entitlement_alternative *a;

	if (f == NULL)
		return;
	f->alternatives = xrealloc(f->alternatives, (f->count + 1) * sizeof(*f->alternatives));
	a = &f->alternatives[f->count++];
	*a = (struct entitlement_alternative){.met = claim == NULL};
	if (a->met)
		return;
	a->claim = xstrdup(claim);
	a->value = has ? json_text(value) : NULL;
	a->allowed = json_text(allowed);
}

/* --- require --- */

struct allowance {
	struct json_object *allowed; /* an array */
	const struct params *params;
};

/*
 * Is claims_any's take: true if this value equals an allowed one. An allowed value "params.x"
 * stands for the request's parameter x.
 */
static bool is_allowed(void *ctx, const char *bytes, size_t len)
{
	const struct allowance *a = ctx;
	struct text have = {bytes, len};

	for (size_t i = 0; i < json_object_array_length(a->allowed); i++) {
		const char *value = json_scalar_text(json_object_array_get_idx(a->allowed, i));

		if (value == NULL)
			continue;
		if (strncmp(value, "params.", 7) == 0) {
			const struct text *param = params_find(a->params, value + 7);

			if (param != NULL && param->len == len &&
			    memcmp(param->bytes, bytes, len) == 0)
				return true;
		} else if (text_is(have, value)) {
			return true;
		}
	}
	return false;
}

static bool all_allowed(struct json_object *alternative, struct json_object *claims,
			const struct params *params, struct entitlement_findings *findings)
{
	json_object_object_foreach(alternative, name, allowed)
	{
		struct allowance a = {allowed, params};
		struct json_object *claim;
		bool has = claims_find(claims, name, &claim);

		if (has && claims_any(name, claim, is_allowed, &a))
			continue;
		note_alternative(findings, name, has, claim, allowed);
		return false;
	}
	note_alternative(findings, NULL, false, NULL, NULL);
	return true;
}

bool entitlement_requires(const char *require, struct json_object *claims,
			  const struct params *params, struct entitlement_findings *findings)
{
	struct json_object *parsed = json_parse(require, strlen(require));
	bool met = false;

	if (json_object_is_type(parsed, json_type_object))
		met = all_allowed(parsed, claims, params, findings);
	else if (json_object_is_type(parsed, json_type_array))
		for (size_t i = 0; i < json_object_array_length(parsed) && !met; i++)
			met = all_allowed(json_object_array_get_idx(parsed, i), claims, params,
					  findings);
	json_object_put(parsed);
	return met;
}

/* --- match --- */

struct want {
	struct wanted *wanted;
	size_t key;
	const char *name;
};

/* Is claims_any's take: adds the value. True if there are too many. */
static bool want_value(void *ctx, const char *bytes, size_t len)
{
	struct want *w = ctx;

	wanted_add(w->wanted, w->key, w->name, bytes, len);
	return w->wanted->keys[w->key].count > WANTED_VALUES_MAX;
}

/* Adds the values that one key of match may have. False if a parameter is missing. */
static bool want_source(struct wanted *w, size_t key, const struct stream_def *def,
			const struct identity *id, const struct params *params)
{
	const char *name = def->match_key[key], *source = def->match_source[key];
	struct json_object *claim;

	if (source[0] == '=') {
		wanted_add(w, key, name, source + 1, strlen(source + 1));
	} else if (strncmp(source, "claims.", 7) == 0) {
		struct want want = {w, key, name};

		if (claims_find(id->claims, source + 7, &claim))
			(void)claims_any(source + 7, claim, want_value, &want);
	} else if (strncmp(source, "params.", 7) == 0) {
		const struct text *param = params_find(params, source + 7);

		if (param == NULL || param->len == 0)
			return false;
		wanted_add(w, key, name, param->bytes, param->len);
	}
	return true;
}

/*
 * Fills in *w with the values of all keys. Returns the parameter that match asks for and the
 * request does not have, or NULL.
 */
static const char *want_all(struct wanted *w, const struct stream_def *def,
			    const struct identity *id, const struct params *params)
{
	*w = (struct wanted){.count = def->match_count};
	for (size_t k = 0; k < def->match_count; k++)
		if (!want_source(w, k, def, id, params))
			return def->match_source[k] + strlen("params.");
	return NULL;
}

static bool has_empty_key(const struct wanted *w)
{
	for (size_t k = 0; k < w->count; k++)
		if (w->keys[k].count == 0)
			return true;
	return false;
}

/* Both public functions decide here. `telling` also notes how require was met, or was not. */
static enum entitlement judge(const struct stream_def *def, const struct identity *id,
			      const struct params *params, struct wanted *ret_wanted,
			      struct entitlement_findings *ret_findings, bool telling)
{
	struct entitlement_findings *f = ret_findings;

	*f = (struct entitlement_findings){.missing = want_all(ret_wanted, def, id, params)};
	f->required = def->anonymous ||
		      entitlement_requires(def->require, id->claims, params, telling ? f : NULL);
	f->empty = has_empty_key(ret_wanted);
	f->too_many = wanted_combinations(ret_wanted) > WANTED_VALUES_MAX;
	if (f->missing != NULL)
		return ENTITLEMENT_BAD_PARAM;
	return f->required && !f->empty && !f->too_many ? ENTITLED : ENTITLEMENT_FORBIDDEN;
}

enum entitlement entitlement_decide(const struct stream_def *def, const struct identity *id,
				    const struct params *params, struct wanted *ret_wanted,
				    const char **ret_param)
{
	struct entitlement_findings findings;
	enum entitlement decision = judge(def, id, params, ret_wanted, &findings, false);

	if (decision == ENTITLEMENT_BAD_PARAM)
		*ret_param = findings.missing;
	return decision;
}

enum entitlement entitlement_explain(const struct stream_def *def, const struct identity *id,
				     const struct params *params, struct wanted *ret_wanted,
				     struct entitlement_findings *ret_findings)
{
	return judge(def, id, params, ret_wanted, ret_findings, true);
}
