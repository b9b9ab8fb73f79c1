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

static bool is_int(const char *value)
{
	const char *digits = value + (value[0] == '-');
	size_t len = strspn(digits, "0123456789");

	return len > 0 && len < 19 && digits[len] == '\0' &&
	       (digits[0] != '0' || strcmp(value, "0") == 0);
}

/* RFC 9562, section 4, in small letters. */
static bool is_uuid(const char *value)
{
	for (size_t i = 0; i < 36; i++)
		if (strchr(i == 8 || i == 13 || i == 18 || i == 23 ? "-" : "0123456789abcdef",
			   value[i]) == NULL ||
		    value[i] == '\0')
			return false;
	return value[36] == '\0';
}

static bool is_doubtful(enum stream_compare compare, const char *value)
{
	switch (compare) {
	case STREAM_AS_TEXT:
		return false;
	case STREAM_AS_INT:
		return !is_int(value);
	case STREAM_AS_UUID:
		return !is_uuid(value);
	case STREAM_AS_TYPE:
		break;
	}
	return true;
}

/* Adds the values of one key that the database has said. They stand for those that it was given. */
static void want_said(struct wanted *w, size_t key, const struct stream_def *def, const char *json)
{
	const char *name = def->match_key[key];
	struct json_object *said = json == NULL ? NULL : json_parse(json, strlen(json)), *values;
	struct wanted_key *k = &w->keys[key];
	size_t kept = 0;

	if (json_object_object_get_ex(said, name, &values)) {
		for (size_t i = 0; i < k->count; i++)
			if (is_doubtful(def->match_compare[key], k->values[i] + strlen(name) + 1))
				free(k->values[i]);
			else
				k->values[kept++] = k->values[i];
		k->count = kept;
		for (size_t i = 0; i < json_object_array_length(values); i++) {
			struct json_object *value = json_object_array_get_idx(values, i);

			wanted_add(w, key, name, json_object_get_string(value),
				   (size_t)json_object_get_string_len(value));
		}
	}
	json_object_put(said);
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
			    const struct identity *id, const struct params *params,
			    const struct entitlement_said *said)
{
	*w = (struct wanted){.count = def->match_count};
	for (size_t k = 0; k < def->match_count; k++) {
		if (!want_source(w, k, def, id, params))
			return def->match_source[k] + strlen("params.");
		if (said != NULL)
			want_said(w, k, def,
				  stream_def_lists_key(def, k) ? said->listed : said->typed);
	}
	return NULL;
}

static bool has_empty_key(const struct wanted *w, const struct stream_def *def)
{
	for (size_t k = 0; k < w->count; k++)
		if (w->keys[k].count == 0 && !stream_def_lists_key(def, k))
			return true;
	return false;
}

/* Both public functions decide here. `telling` also notes how require was met, or was not. */
static enum entitlement judge(const struct stream_def *def, const struct identity *id,
			      const struct params *params, const struct entitlement_said *said,
			      struct wanted *ret_wanted, struct entitlement_findings *ret_findings,
			      bool telling)
{
	struct entitlement_findings *f = ret_findings;

	*f = (struct entitlement_findings){.missing = want_all(ret_wanted, def, id, params, said)};
	f->required = def->anonymous ||
		      entitlement_requires(def->require, id->claims, params, telling ? f : NULL);
	f->empty = has_empty_key(ret_wanted, def);
	f->too_many = wanted_combinations(ret_wanted) > WANTED_VALUES_MAX;
	if (f->missing != NULL)
		return ENTITLEMENT_BAD_PARAM;
	return f->required && !f->empty && !f->too_many ? ENTITLED : ENTITLEMENT_FORBIDDEN;
}

enum entitlement entitlement_decide(const struct stream_def *def, const struct identity *id,
				    const struct params *params,
				    const struct entitlement_said *said, struct wanted *ret_wanted,
				    const char **ret_param)
{
	struct entitlement_findings findings;
	enum entitlement decision = judge(def, id, params, said, ret_wanted, &findings, false);

	if (decision == ENTITLEMENT_BAD_PARAM)
		*ret_param = findings.missing;
	return decision;
}

enum entitlement entitlement_explain(const struct stream_def *def, const struct identity *id,
				     const struct params *params,
				     const struct entitlement_said *said, struct wanted *ret_wanted,
				     struct entitlement_findings *ret_findings)
{
	return judge(def, id, params, said, ret_wanted, ret_findings, true);
}

/* --- what only the database can compare --- */

static void append_given(struct buf *out, const struct stream_def *def, size_t key,
			 const struct wanted_key *values)
{
	size_t name_len = strlen(def->match_key[key]), count = 0;

	for (size_t i = 0; i < values->count; i++) {
		const char *value = values->values[i] + name_len + 1;

		if (!is_doubtful(def->match_compare[key], value))
			continue;
		if (count++ == 0) {
			buf_append_char(out, out->len == 0 ? '{' : ',');
			buf_append_json(out, def->match_key[key], name_len);
			buf_append_str(out, ":[");
		} else {
			buf_append_char(out, ',');
		}
		buf_append_json(out, value, strlen(value));
	}
	if (count > 0)
		buf_append_char(out, ']');
}

char *entitlement_given(const struct stream_def *def, const struct wanted *w)
{
	struct buf out;

	buf_init(&out);
	for (size_t k = 0; k < w->count; k++)
		if (!stream_def_lists_key(def, k))
			append_given(&out, def, k, &w->keys[k]);
	if (out.len == 0)
		return NULL;
	buf_append_char(&out, '}');
	return buf_detach(&out);
}
