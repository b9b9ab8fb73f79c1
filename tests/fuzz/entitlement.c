/* SPDX-License-Identifier: PostgreSQL */
/*
 * Claims, a require, a parameter, a line each. Who is let in wants a value for each key of the
 * match, its own claim and parameter and nothing else; and has every claim that a require of one
 * object asks for.
 */
#include "auth/entitlement.h"

#include "auth/json.h"

#include "fuzz.h"

static const struct stream_def pattern = {
	.match_key = {(char *)"user_id", (char *)"store", (char *)"kind"},
	.match_source = {(char *)"claims.sub", (char *)"params.store", (char *)"=row"},
	.match_count = 3,
};

/* "user_id=" and the claim, or one of its items. */
static bool is_claimed(const char *value, struct json_object *claim)
{
	const char *text = json_scalar_text(claim);

	if (json_object_is_type(claim, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(claim); i++)
			if (is_claimed(value, json_object_array_get_idx(claim, i)))
				return true;
		return false;
	}
	return text != NULL && strncmp(value, "user_id=", 8) == 0 && strcmp(value + 8, text) == 0;
}

static void check_wanted(const struct wanted *w, struct json_object *claims, struct text store)
{
	struct json_object *sub;

	MUST(w->count == 3 && w->keys[1].count == 1 && w->keys[2].count == 1);
	MUST(json_object_object_get_ex(claims, "sub", &sub) && w->keys[0].count > 0);
	for (size_t i = 0; i < w->keys[0].count; i++)
		MUST(is_claimed(w->keys[0].values[i], sub));
	MUST(strncmp(w->keys[1].values[0], "store=", 6) == 0 &&
	     strcmp(w->keys[1].values[0] + 6, store.bytes) == 0);
	MUST(strcmp(w->keys[2].values[0], "kind=row") == 0);
}

static void check_required(const char *require, struct json_object *claims)
{
	struct json_object *parsed = json_parse(require, strlen(require));

	MUST(json_object_is_type(parsed, json_type_object) ||
	     json_object_is_type(parsed, json_type_array));
	if (json_object_is_type(parsed, json_type_object)) {
		json_object_object_foreach(parsed, name, allowed)
		{
			(void)allowed;
			MUST(json_object_object_get_ex(claims, name, NULL));
		}
	}
	json_object_put(parsed);
}

/* sql/functions/stream.sql lets an object of arrays pass, or an array of such objects. */
static bool is_object_of_arrays(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_object))
		return false;
	json_object_object_foreach(value, name, allowed)
	{
		(void)name;
		if (!json_object_is_type(allowed, json_type_array))
			return false;
	}
	return true;
}

static bool is_usable(const char *require)
{
	struct json_object *parsed = json_parse(require, strlen(require));
	bool usable = is_object_of_arrays(parsed);

	if (json_object_is_type(parsed, json_type_array)) {
		usable = true;
		for (size_t i = 0; i < json_object_array_length(parsed) && usable; i++)
			usable = is_object_of_arrays(json_object_array_get_idx(parsed, i));
	}
	json_object_put(parsed);
	return usable;
}

/* Who asks why is told the same. */
static void check_explained(const struct stream_def *def, const struct identity *id,
			    const struct params *params, enum entitlement decision)
{
	struct entitlement_findings f;
	struct wanted wanted;

	MUST(entitlement_explain(def, id, params, NULL, &wanted, &f) == decision);
	MUST(f.count == 0 || f.alternatives[f.count - 1].met == f.required);
	wanted_release(&wanted);
	entitlement_findings_release(&f);
}

static void check(struct json_object *claims, char *require, struct text store)
{
	struct stream_def def = pattern;
	struct identity id = {.claims = claims};
	struct params params = {.items = {{{"store", 5}, store}}, .count = 1};
	struct wanted wanted;
	const char *missing = NULL;
	enum entitlement decision;

	def.require = require;
	decision = entitlement_decide(&def, &id, &params, NULL, &wanted, &missing);
	MUST((decision == ENTITLEMENT_BAD_PARAM) == (store.len == 0));
	MUST(decision != ENTITLEMENT_BAD_PARAM || strcmp(missing, "store") == 0);
	check_explained(&def, &id, &params, decision);
	if (decision == ENTITLED) {
		check_wanted(&wanted, claims, store);
		check_required(require, claims);
	}
	wanted_release(&wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct text claims_text = input_piece(&in, '\n'), store;
	char *require = input_line(&in);
	struct json_object *claims = json_parse(claims_text.bytes, claims_text.len);

	store = input_piece(&in, '\n');
	if (json_object_is_type(claims, json_type_object) && is_usable(require))
		check(claims, require, store);
	json_object_put(claims);
	text_free(claims_text);
	text_free(store);
	free(require);
	return 0;
}
