/* SPDX-License-Identifier: PostgreSQL */
#include "auth/claims.h"

#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "auth/json.h"

bool claims_time(struct json_object *claims, const char *name, int64_t *ret_ms, bool *ret_present)
{
	struct json_object *value;
	double seconds;

	*ret_present = json_object_object_get_ex(claims, name, &value);
	if (!*ret_present)
		return true;
	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return false;
	seconds = json_object_get_double(value);
	if (!isfinite(seconds) || seconds < 0 || seconds > 1e14)
		return false;
	*ret_ms = (int64_t)(seconds * 1000);
	return true;
}

bool claims_find(struct json_object *claims, const char *name, struct json_object **ret_claim)
{
	if (json_object_object_get_ex(claims, name, ret_claim))
		return true;
	for (size_t len = strlen(name); len > 0; len--) {
		struct json_object *object;
		char *first;
		bool leads_on;

		if (name[len] != '.')
			continue;
		first = xstrndup(name, len);
		leads_on = json_object_object_get_ex(claims, first, &object) &&
			   json_object_is_type(object, json_type_object);
		free(first);
		if (leads_on && claims_find(object, name + len + 1, ret_claim))
			return true;
	}
	*ret_claim = NULL;
	return false;
}

struct taker {
	bool (*take)(void *ctx, const char *bytes, size_t len);
	void *ctx;
};

static bool take_words(const struct taker *t, const char *text)
{
	for (const char *p = text; *p != '\0';) {
		size_t len = strcspn(p, " ");

		if (len > 0 && t->take(t->ctx, p, len))
			return true;
		p += len + strspn(p + len, " ");
	}
	return false;
}

static bool take_one(const struct taker *t, bool words, struct json_object *value)
{
	const char *text = json_scalar_text(value);

	if (text == NULL)
		return false;
	return t->take(t->ctx, text, strlen(text)) ||
	       (words && strchr(text, ' ') != NULL && take_words(t, text));
}

bool claims_any(const char *name, struct json_object *claim,
		bool (*take)(void *ctx, const char *bytes, size_t len), void *ctx)
{
	struct taker t = {take, ctx};
	bool words = strcmp(name, "scope") == 0 || strcmp(name, "scp") == 0;

	if (!json_object_is_type(claim, json_type_array))
		return take_one(&t, words, claim);
	for (size_t i = 0; i < json_object_array_length(claim); i++)
		if (take_one(&t, words, json_object_array_get_idx(claim, i)))
			return true;
	return false;
}

/* A text with a NUL in it is none here. To the end of a C string it could look like another. */
const char *claims_text(struct json_object *claims, const char *name)
{
	struct json_object *value;
	const char *text;

	if (!json_object_object_get_ex(claims, name, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	text = json_object_get_string(value);
	return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

bool claims_is(struct json_object *claims, const char *name, const char *wanted)
{
	const char *text = claims_text(claims, name);

	return text != NULL && strcmp(text, wanted) == 0;
}

bool claims_has(struct json_object *claims, const char *name, const char *wanted)
{
	struct json_object *value;
	bool found = false;

	if (!json_object_object_get_ex(claims, name, &value) ||
	    !json_object_is_type(value, json_type_array))
		return claims_is(claims, name, wanted);
	for (size_t i = 0; i < json_object_array_length(value); i++) {
		struct json_object *one = json_object_array_get_idx(value, i);

		if (!json_object_is_type(one, json_type_string))
			return false;
		found = found || strcmp(json_object_get_string(one), wanted) == 0;
	}
	return found;
}

/* Logs and other programs read a name in lines, so it must not break a line. */
static bool is_name(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	return len > 0 && len <= CLAIMS_NAME_MAX;
}

const char *claims_subject(struct json_object *claims, const char *name)
{
	struct json_object *value;
	const char *text;

	if (!claims_find(claims, name == NULL ? "sub" : name, &value) ||
	    !(json_object_is_type(value, json_type_string) ||
	      json_object_is_type(value, json_type_int)))
		return NULL;
	text = json_object_get_string(value);
	return is_name(text) ? text : NULL;
}

bool claims_name(struct json_object *claims, const char *name, const char **ret_name)
{
	struct json_object *value;

	*ret_name = NULL;
	if (!json_object_object_get_ex(claims, name, &value))
		return true;
	if (!json_object_is_type(value, json_type_string) ||
	    !is_name(json_object_get_string(value)))
		return false;
	*ret_name = json_object_get_string(value);
	return true;
}
