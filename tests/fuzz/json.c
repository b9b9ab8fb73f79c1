/* SPDX-License-Identifier: PostgreSQL */
/* JSON from outside. Nothing is taken that RFC 8259 does not allow; a text that is taken has no end inside it; and what is
 * printed is taken again. */
#include "http/json.h"

#include "jsoncheck.h"

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
		json_object_object_foreach (value, name, member) {
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
	MUST(again != NULL || json_object_is_type(value, json_type_null));
	json_object_put(again);
}

/* Does it spell a NUL out? (a backslash in front of the backslash would make it another thing, but then it is taken) */
static bool spells_nul(const char *text, size_t len)
{
	return memmem(text, len, "\\u0000", 6) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct json_object *value = json_parse(text, size);

	if (value != NULL) {
		MUST(is_json(text, size));
		check_texts(value);
		check_printed(value);
	}
	/* the members' names are C strings in json-c: there the bytes tell */
	if (value != NULL && spells_nul(text, size))
		MUST(memmem(text, size, "\\\\u0000", 7) != NULL);
	json_object_put(value);
	return 0;
}
