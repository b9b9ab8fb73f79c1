/* SPDX-License-Identifier: PostgreSQL */
#include "http/holder.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "hub/frame.h"

static char *copy_of(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

void holder_init(struct holder *h, const struct identity *id, const struct params *params,
		 bool with_claims)
{
	*h = (struct holder){
		.issued_ms = id->issued_ms, .ends_ms = id->ends_ms, .key_mark = id->key_mark};
	h->user = copy_of(id->sub);
	h->jti = copy_of(id->jti);
	h->params = holder_params_json(params);
	if (with_claims)
		h->claims = identity_claims_json(id);
}

struct standing holder_standing(const struct holder *h)
{
	return (struct standing){h->jti, h->user, h->issued_ms, h->key_mark};
}

void holder_release(struct holder *h)
{
	free(h->user);
	free(h->jti);
	free(h->claims);
	free(h->params);
	*h = (struct holder){.user = NULL};
}

/* What authorises is no parameter of the application, and would end up in its logs. */
static bool is_ours(struct text name)
{
	return text_is(name, "token") || text_is(name, "ticket") ||
	       text_is(name, "last_event_id") || text_is(name, "lastEventId");
}

/* Of parameters with one name the first counts, as everywhere. */
static bool is_first(const struct params *params, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (params->items[k].name.len == params->items[i].name.len &&
		    memcmp(params->items[k].name.bytes, params->items[i].name.bytes,
			   params->items[i].name.len) == 0)
			return false;
	return true;
}

char *holder_params_json(const struct params *params)
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

void holder_read_params(struct json_object *object, struct params *params)
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
