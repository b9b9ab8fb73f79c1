/* SPDX-License-Identifier: PostgreSQL */
#include "http/params_json.h"

#include <json-c/json.h>
#include <string.h>

#include "base/buf.h"

/*
 * What authorises is no parameter of the application, and would end up in its logs. A name in the
 * pattern of a path is the application's, whatever it is.
 */
static bool is_ours(const struct param *p)
{
	return !p->of_path &&
	       (text_is(p->name, "token") || text_is(p->name, "ticket") ||
		text_is(p->name, "last_event_id") || text_is(p->name, "lastEventId"));
}

/* The first of several parameters with one name counts, as everywhere. */
static bool is_first(const struct params *params, size_t i)
{
	const struct param *items = params->items;

	for (size_t k = 0; k < i; k++)
		if (items[k].name.len == items[i].name.len && !is_ours(&items[k]) &&
		    memcmp(items[k].name.bytes, items[i].name.bytes, items[i].name.len) == 0)
			return false;
	return true;
}

char *params_json(const struct params *params)
{
	struct buf out;

	buf_init(&out);
	buf_append_char(&out, '{');
	for (size_t i = 0; i < params->count; i++) {
		const struct param *p = &params->items[i];

		if (is_ours(p) || !is_first(params, i))
			continue;
		if (out.len > 1)
			buf_append_char(&out, ',');
		buf_append_json(&out, p->name.bytes, p->name.len);
		buf_append_char(&out, ':');
		buf_append_json(&out, p->value.bytes, p->value.len);
	}
	buf_append_char(&out, '}');
	return buf_detach(&out);
}

void params_json_read(struct json_object *object, struct params *params)
{
	if (object == NULL)
		return;
	json_object_object_foreach(object, name, value)
	{
		if (params->count == PARAMS_MAX)
			break;
		params->items[params->count++] = (struct param){
			text_of(name),
			{json_object_get_string(value), (size_t)json_object_get_string_len(value)}};
	}
}
