/* SPDX-License-Identifier: PostgreSQL */
#include "auth/claims.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

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

bool claims_is(struct json_object *claims, const char *name, const char *wanted)
{
	struct json_object *value;

	return json_object_object_get_ex(claims, name, &value) &&
	       json_object_is_type(value, json_type_string) &&
	       strcmp(json_object_get_string(value), wanted) == 0;
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
