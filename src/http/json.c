/* SPDX-License-Identifier: PostgreSQL */
#include "http/json.h"

#include <limits.h>
#include <string.h>

struct json_object *json_parse(const char *bytes, size_t len)
{
	struct json_tokener *tokener;
	struct json_object *value = NULL;

	/* A NUL would end json-c's reading early and unnoticed. */
	if (len == 0 || len > INT_MAX || memchr(bytes, '\0', len) != NULL)
		return NULL;
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (tokener == NULL)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, bytes, (int)len);
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		value = json_tokener_parse_ex(tokener, "", 1); /* a bare number ends only where the text does */
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    json_tokener_get_parse_end(tokener) < len) {
		json_object_put(value);
		value = NULL;
	}
	json_tokener_free(tokener);
	return value;
}

const char *json_scalar_text(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
	case json_type_int:
	case json_type_double:
	case json_type_boolean:
		return json_object_get_string(value);
	default:
		return NULL;
	}
}
