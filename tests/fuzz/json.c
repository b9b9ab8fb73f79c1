/* SPDX-License-Identifier: PostgreSQL */
/* JSON from outside. The grammar takes what a plain reader takes and nothing else; json-c takes all
 * that the grammar takes; a text that is taken has no end inside it; and what is printed of it is
 * read as the same again. */
#include "base/json_grammar.h"
#include "auth/json.h"

#include "jsoncheck.h"
#include "jsonstrict.h"

/* A NUL in a string or name would make it another one for whoever reads it as a C string. */
static void check_texts(struct json_object *value)
{
	const char *text = json_scalar_text(value);

	if (json_object_is_type(value, json_type_string))
		MUST(strlen(text) == (size_t)json_object_get_string_len(value));
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			check_texts(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			check_texts(member);
		}
	}
}

static void check_printed(struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN);
	struct json_object *again = json_parse(text, strlen(text));

	MUST(is_json(text, strlen(text)));
	MUST(json_object_equal(value, again));
	json_object_put(again);
}

static size_t colons_of(const char *text, size_t len)
{
	size_t count = 0;
	bool inside = false;

	for (size_t i = 0; i < len; i++) {
		count += text[i] == ':' && !inside;
		inside ^= text[i] == '"';
		i += inside && text[i] == '\\';
	}
	return count;
}

/* No member is lost: json-c would keep one of two with the same name. */
static size_t members_of(struct json_object *value)
{
	size_t count = 0;

	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count += members_of(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, name, member)
		{
			(void)name;
			count += 1 + members_of(member);
		}
	}
	return count;
}

static bool is_null(const char *text, size_t len)
{
	const char *null = memmem(text, len, "null", 4);

	return null != NULL && text[strspn(text, " \t\r\n")] == 'n';
}

/* The grammar and the plain reader, at each depth that may matter. */
static bool check_grammar(const char *text, size_t len)
{
	static const size_t depths[] = {0, 1, 2, 5, JSON_DEPTH_MAX, JSONCHECK_DEPTH};
	bool is = is_json(text, len);
	size_t depth = 0;

	if (is)
		is = is_strict_json(text, len, &depth);
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++)
		MUST(json_grammar_holds(text, len, depths[i]) == (is && depth <= depths[i]));
	return is && depth <= JSON_DEPTH_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	bool taken = check_grammar(text, size);
	struct json_object *value = json_parse(text, size), *secret = json_parse_secret(text, size);

	if (taken)
		MUST(value != NULL || is_null(text, size));
	else
		MUST(value == NULL);
	MUST(json_object_equal(value, secret));
	if (value != NULL) {
		MUST(members_of(value) == colons_of(text, size));
		check_texts(value);
		check_printed(value);
	}
	json_object_put(value);
	json_wipe(secret);
	return 0;
}
