/* SPDX-License-Identifier: PostgreSQL */
#include "auth/json.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_grammar.h"
#include "base/xalloc.h"

/* The library counts a scalar as a level of its own. */
#define LIBRARY_DEPTH (JSON_DEPTH_MAX + 1)

static struct json_object *parse_with(struct json_tokener *tokener, const char *bytes, size_t len)
{
	struct json_object *value = json_tokener_parse_ex(tokener, bytes, (int)len);

	if (json_tokener_get_error(tokener) == json_tokener_continue)
		/* A bare number ends only where the text ends. */
		value = json_tokener_parse_ex(tokener, "", 1);
	return value;
}

/*
 * Parses a text as long as the secret one. The tokener's buffer grows by copying, and nothing wipes
 * the old copies. If the buffer has its full size before the secret comes, no copy is left behind.
 * Afterwards the same call overwrites the secret.
 */
static void fill_buffer(struct json_tokener *tokener, size_t len)
{
	char *text = xmalloc(len + 2);

	memset(text, 'x', len + 2);
	text[0] = text[len + 1] = '"';
	json_object_put(json_tokener_parse_ex(tokener, text, (int)len + 2));
	json_tokener_reset(tokener);
	free(text);
}

static struct json_object *parse(const char *bytes, size_t len, bool secret)
{
	struct json_tokener *tokener;
	struct json_object *value;

	if (len > INT_MAX - 2 || !json_grammar_holds(bytes, len, JSON_DEPTH_MAX))
		return NULL;
	tokener = json_tokener_new_ex(LIBRARY_DEPTH);
	if (tokener == NULL)
		return NULL;
	if (secret)
		fill_buffer(tokener, len);
	value = parse_with(tokener, bytes, len);
	if (secret) {
		json_tokener_reset(tokener);
		fill_buffer(tokener, len);
	}
	json_tokener_free(tokener);
	return value;
}

struct json_object *json_parse(const char *bytes, size_t len)
{
	return parse(bytes, len, false);
}

struct json_object *json_parse_secret(const char *bytes, size_t len)
{
	return parse(bytes, len, true);
}

static void wipe_texts(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		explicit_bzero((char *)(uintptr_t)json_object_get_string(value),
			       (size_t)json_object_get_string_len(value));
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			wipe_texts(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			wipe_texts(member);
		}
	}
}

void json_wipe(struct json_object *value)
{
	wipe_texts(value);
	json_object_put(value);
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
