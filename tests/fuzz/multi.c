/* SPDX-License-Identifier: PostgreSQL */
/*
 * The parameters of a request for /stream/multi, a line each, "name=value" as the HTTP library has
 * decoded them; a line without '=' is a value of `paths`. What is asked for is what stands in the
 * request: at most 16 streams, none twice, each path where one of the list begins, in UTF-8; and
 * written down again, each path with all its parameters, it asks for the same.
 */
#include "gate/multi.h"

#include <json-c/json.h>

#include "base/utf8.h"
#include "http/params_json.h"

#include "fuzz.h"

static bool is_listed(struct text name)
{
	return text_is(name, "paths") || text_is(name, "path");
}

/* The gate lets nothing through that is no UTF-8, nor a NUL. */
static void add_line(struct params *query, struct text line)
{
	const char *equals = memchr(line.bytes, '=', line.len);
	struct param p = {{"paths", 5}, line};

	if (equals != NULL) {
		p.name = (struct text){line.bytes, (size_t)(equals - line.bytes)};
		p.value = (struct text){equals + 1, line.len - p.name.len - 1};
	}
	if (utf8_is(line.bytes, line.len) && memchr(line.bytes, '\0', line.len) == NULL)
		query->items[query->count++] = p;
}

/* --- what is asked for stands in the request --- */

/* Does the path stand here, encoded or not, up to the end of a path of the list? */
static bool stands_at(const char *at, const char *end, const char *path)
{
	for (; *path != '\0' && at < end; path++) {
		unsigned c = (unsigned char)*at;

		if (c == '%' && (end - at < 3 || sscanf(at + 1, "%2x", &c) != 1))
			return false;
		if (c != (unsigned char)*path)
			return false;
		at += *at == '%' ? 3 : 1;
	}
	return *path == '\0' && (at == end || *at == ',' || *at == '?');
}

static bool begins_path(struct text list, size_t at)
{
	return at == 0 || list.bytes[at - 1] == ',';
}

static bool is_asked_for(const struct params *query, const char *path)
{
	for (size_t i = 0; i < query->count; i++) {
		struct text list = query->items[i].value;

		for (size_t at = 0; is_listed(query->items[i].name) && at < list.len; at++)
			if (begins_path(list, at) &&
			    stands_at(list.bytes + at, list.bytes + list.len, path))
				return true;
	}
	return false;
}

/* A slash at the beginning or behind a comma begins a path, wherever the comma is. */
static void check_list(const struct multi *s, struct text list)
{
	for (size_t at = 0; at < list.len; at++) {
		bool found = list.bytes[at] != '/' || !begins_path(list, at);

		for (size_t i = 0; i < s->count && !found; i++)
			found = stands_at(list.bytes + at, list.bytes + list.len, s->items[i].path);
		MUST(found);
	}
}

static void check_params(struct json_object *query)
{
	struct params params = {.count = 0};

	MUST(json_object_object_length(query) <= PARAMS_MAX);
	params_json_read(query, &params);
	for (size_t i = 0; i < params.count; i++) {
		const struct param *p = &params.items[i];

		MUST(p->name.len > 0 && utf8_is(p->name.bytes, p->name.len) &&
		     utf8_is(p->value.bytes, p->value.len));
		MUST(!text_is(p->name, "token") && !text_is(p->name, "ticket") &&
		     !text_is(p->name, "last_event_id"));
	}
}

/* What the request says counts where the path does not say otherwise. */
static void check_common(const struct multi_item *item, const struct params *query)
{
	for (size_t i = 0; i < query->count; i++) {
		struct text name = query->items[i].name;
		char *copy = xstrndup(name.bytes, name.len);

		if (name.len > 0 && !is_listed(name) && strcmp(copy, "token") != 0 &&
		    strcmp(copy, "ticket") != 0 && strcmp(copy, "last_event_id") != 0 &&
		    strcmp(copy, "lastEventId") != 0)
			MUST(json_object_object_get_ex(item->query, copy, NULL));
		free(copy);
	}
}

static void check(const struct multi *s, const struct params *query)
{
	MUST(s->joined && s->count >= 1 && s->count <= 16);
	for (size_t i = 0; i < query->count; i++)
		if (is_listed(query->items[i].name))
			check_list(s, query->items[i].value);
	for (size_t i = 0; i < s->count; i++) {
		const struct multi_item *item = &s->items[i];

		MUST(utf8_is(item->path, strlen(item->path)) && is_asked_for(query, item->path));
		check_params(item->query);
		check_common(item, query);
		for (size_t k = 0; k < i; k++)
			MUST(strcmp(s->items[k].path, item->path) != 0 ||
			     !json_object_equal(s->items[k].query, item->query));
	}
}

/* --- written down again, it asks for the same --- */

/* In a path slashes of either kind stay: encoded they are refused. */
static void append_encoded(struct buf *out, const char *text, const char *plain)
{
	for (; *text != '\0'; text++) {
		if ((*text >= 'a' && *text <= 'z') || strchr(plain, *text) != NULL)
			buf_append_char(out, *text);
		else
			buf_appendf(out, "%%%02X", (unsigned char)*text);
	}
}

static void append_item(struct buf *out, const struct multi_item *item)
{
	append_encoded(out, item->path, "/\\");
	buf_append_char(out, '?');
	json_object_object_foreach(item->query, name, value)
	{
		append_encoded(out, name, "");
		buf_append_char(out, '=');
		append_encoded(out, json_object_get_string(value), "");
		buf_append_char(out, '&');
	}
}

static void check_again(const struct multi *s)
{
	struct params query = {.count = s->count};
	struct refusal refusal;
	struct buf texts[MULTI_MAX];
	struct multi *again;

	for (size_t i = 0; i < s->count; i++) {
		buf_init(&texts[i]);
		append_item(&texts[i], &s->items[i]);
		query.items[i] = (struct param){{"path", 4}, {texts[i].data, texts[i].len}};
	}
	again = multi_parse(&query, &refusal);
	MUST(again != NULL && again->count == s->count);
	for (size_t i = 0; i < s->count; i++) {
		MUST(strcmp(again->items[i].path, s->items[i].path) == 0);
		MUST(json_object_equal(again->items[i].query, s->items[i].query));
		buf_release(&texts[i]);
	}
	multi_free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct params query = {.count = 0};
	struct refusal refusal = {.status = 0};
	struct text lines[PARAMS_MAX];
	struct multi *s;
	struct buf joined;
	size_t count = 0;

	while (in.at < in.end && count < PARAMS_MAX) {
		lines[count] = input_piece(&in, '\n');
		add_line(&query, lines[count++]);
	}
	buf_init(&joined);
	params_join(&query, "events", &joined);
	s = multi_parse(&query, &refusal);
	if (s != NULL) {
		check(s, &query);
		check_again(s);
	} else {
		MUST(refusal.status == 400 && refusal.sentence[0] != '\0');
	}
	multi_free(s);
	buf_release(&joined);
	while (count > 0)
		text_free(lines[--count]);
	return 0;
}
