/* SPDX-License-Identifier: PostgreSQL */
/* Two states of a row, a line each. Of whatever bytes the walk stays inside and ends; of two
 * objects, "old" and "changed" are JSON, and name just the members that differ. */
#include "hub/jsontext.h"

#include "auth/json.h"

#include "jsoncheck.h"

static void check_walk(struct text object)
{
	struct jsontext walk = jsontext_open(object);
	struct jsontext_member m;
	size_t steps = 0;

	while (jsontext_next(&walk, &m)) {
		MUST(m.name.bytes >= object.bytes &&
		     m.name.bytes + m.name.len <= object.bytes + object.len);
		MUST(m.value.bytes >= m.name.bytes + m.name.len &&
		     m.value.bytes + m.value.len <= object.bytes + object.len);
		MUST(++steps <= object.len);
	}
}

/* As PostgreSQL prints jsonb: valid, no name twice, a blank at the most. */
static struct text print(struct json_object *object)
{
	const char *text = json_object_to_json_string_ext(
		object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	return (struct text){text, strlen(text)};
}

static bool is_among(struct json_object *names, const char *name)
{
	for (size_t i = 0; i < json_object_array_length(names); i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(names, i)), name) == 0)
			return true;
	return false;
}

static bool differs(struct json_object *a, struct json_object *b)
{
	char *text = xstrdup(json_object_to_json_string_ext(a, JSON_C_TO_STRING_PLAIN));
	bool same = strcmp(text, json_object_to_json_string_ext(b, JSON_C_TO_STRING_PLAIN)) == 0;

	free(text);
	return !same;
}

static void check_told(struct json_object *told, struct json_object *was, struct json_object *now)
{
	struct json_object *old, *changed, *other;
	size_t count = 0;

	MUST(json_object_object_get_ex(told, "old", &old) &&
	     json_object_object_get_ex(told, "changed", &changed));
	json_object_object_foreach(was, name, value)
	{
		if (json_object_object_get_ex(now, name, &other) && !differs(value, other))
			continue;
		count++;
		MUST(is_among(changed, name));
		MUST(json_object_object_get_ex(old, name, &other) && !differs(value, other));
	}
	MUST(json_object_array_length(changed) == count &&
	     (size_t)json_object_object_length(old) == count);
}

static void check_rows(struct json_object *was, struct json_object *now)
{
	struct json_object *told;
	struct buf out;

	buf_init(&out);
	buf_append_char(&out, '{');
	jsontext_append_diff(&out, print(was), print(now));
	buf_append_char(&out, '}');
	MUST(is_json(out.data, out.len));
	told = json_tokener_parse(out.data);
	check_told(told, was, now);
	json_object_put(told);
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct text before = input_piece(&in, '\n'), after = input_piece(&in, '\n');
	struct json_object *was = json_parse(before.bytes, before.len),
			   *now = json_parse(after.bytes, after.len);
	struct buf out;

	check_walk(before);
	buf_init(&out);
	jsontext_append_diff(&out, before, after);
	buf_release(&out);
	if (json_object_is_type(was, json_type_object) &&
	    json_object_is_type(now, json_type_object))
		check_rows(was, now);
	json_object_put(was);
	json_object_put(now);
	text_free(before);
	text_free(after);
	return 0;
}
