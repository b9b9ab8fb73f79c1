/* SPDX-License-Identifier: PostgreSQL */
#include "http/params_json.h"

#include <json-c/json.h>
#include <string.h>

#include "base/buf.h"

/* What authorises is no parameter of the application, and would end up in its logs. */
static bool is_ours(struct text name)
{
	return text_is(name, "token") || text_is(name, "ticket") ||
	       text_is(name, "last_event_id") || text_is(name, "lastEventId");
}

/* The first of several parameters with one name counts, as everywhere. */
static bool is_first(const struct params *params, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (params->items[k].name.len == params->items[i].name.len &&
		    memcmp(params->items[k].name.bytes, params->items[i].name.bytes,
			   params->items[i].name.len) == 0)
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

		if (is_ours(p->name) || !is_first(params, i))
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
