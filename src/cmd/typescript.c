/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/typescript.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const char identifier_letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_$0123456789";

static void append_type(struct typescript *t, struct json_object *schema, int indent);

void typescript_init(struct typescript *t)
{
	buf_init(&t->out);
	strmap_init(&t->names);
	strmap_init(&t->def_names);
	typescript_name(t, "Array", ""); /* TypeScript's own */
}

void typescript_release(struct typescript *t)
{
	strmap_each (char, name, &t->names)
		free(name);
	strmap_release(&t->names);
	strmap_release(&t->def_names);
	buf_release(&t->out);
}

struct json_object *typescript_member(struct json_object *object, const char *name)
{
	struct json_object *value = NULL;

	(void)json_object_object_get_ex(object, name, &value);
	return value;
}

static const char *text_of(struct json_object *object, const char *name)
{
	struct json_object *value = typescript_member(object, name);

	return value == NULL ? NULL : json_object_get_string(value);
}

/* --- names --- */

/* "/api/orders/stream" as ApiOrdersStream. */
static void append_pascal(struct buf *out, const char *text)
{
	bool begins = true;

	for (; *text != '\0'; text++) {
		bool fits =
			strchr(identifier_letters, *text) != NULL && *text != '_' && *text != '$';

		if (fits && out->len == 0 && isdigit((unsigned char)*text))
			buf_append_char(out, '_');
		if (fits)
			buf_append_char(out,
					(char)(begins ? toupper((unsigned char)*text) : *text));
		begins = !fits;
	}
}

const char *typescript_name(struct typescript *t, const char *first, const char *second)
{
	struct buf name;
	char *given;

	buf_init(&name);
	for (int n = 1; name.len == 0 || strmap_get(&t->names, name.data, name.len) != NULL; n++) {
		buf_clear(&name);
		append_pascal(&name, first);
		append_pascal(&name, second);
		if (name.len == 0)
			buf_append_str(&name, "Unnamed");
		if (n > 1)
			buf_appendf(&name, "_%d", n);
	}
	given = buf_detach(&name);
	strmap_put(&t->names, given, strlen(given), given);
	return given;
}

/* True if it is an identifier, so that it needs no quotes. */
static bool is_plain(const char *name)
{
	return name[0] != '\0' && !isdigit((unsigned char)name[0]) &&
	       name[strspn(name, identifier_letters)] == '\0';
}

static void append_key(struct buf *out, const char *name)
{
	if (is_plain(name))
		buf_append_str(out, name);
	else
		buf_append_json(out, name, strlen(name));
}

static void append_line(struct buf *out, int indent)
{
	buf_appendf(out, "\n%*s", indent, "");
}

/* Adds the description as a comment in front. Nothing in it ends the comment. */
void typescript_comment(struct typescript *t, struct json_object *schema, int indent)
{
	const char *text = text_of(schema, "description");

	if (text == NULL)
		return;
	buf_append_str(&t->out, "/** ");
	for (const char *p = text; *p != '\0'; p++) {
		buf_append_char(&t->out, (char)(*p == '\n' || *p == '\r' ? ' ' : *p));
		if (p[0] == '*' && p[1] == '/')
			buf_append_char(&t->out, ' ');
	}
	buf_append_str(&t->out, " */");
	append_line(&t->out, indent);
}

/* --- types --- */

static bool is_required(struct json_object *schema, const char *name)
{
	struct json_object *required = typescript_member(schema, "required");
	size_t count = required == NULL ? 0 : json_object_array_length(required);

	for (size_t i = 0; i < count; i++)
		if (strcmp(json_object_get_string(json_object_array_get_idx(required, i)), name) ==
		    0)
			return true;
	return false;
}

static void append_object(struct typescript *t, struct json_object *schema, int indent)
{
	struct json_object *properties = typescript_member(schema, "properties");

	if (properties == NULL || json_object_object_length(properties) == 0) {
		buf_append_str(&t->out, "{ [member: string]: unknown }");
		return;
	}
	buf_append_char(&t->out, '{');
	json_object_object_foreach(properties, name, value)
	{
		append_line(&t->out, indent + 2);
		typescript_comment(t, value, indent + 2);
		append_key(&t->out, name);
		buf_append_str(&t->out, is_required(schema, name) ? ": " : "?: ");
		append_type(t, value, indent + 2);
		buf_append_char(&t->out, ';');
	}
	append_line(&t->out, indent);
	buf_append_char(&t->out, '}');
}

static void append_kind(struct typescript *t, struct json_object *schema, const char *kind,
			int indent)
{
	if (strcmp(kind, "object") == 0) {
		append_object(t, schema, indent);
	} else if (strcmp(kind, "array") == 0) {
		buf_append_str(&t->out, "Array<");
		append_type(t, typescript_member(schema, "items"), indent);
		buf_append_char(&t->out, '>');
	} else {
		buf_append_str(&t->out, strcmp(kind, "integer") == 0 ? "number" : kind);
	}
}

/* Adds each of the items as append_item does, as a union. */
static void append_union(struct typescript *t, struct json_object *schema,
			 struct json_object *items, int indent,
			 void (*append_item)(struct typescript *t, struct json_object *schema,
					     struct json_object *item, int indent))
{
	for (size_t i = 0; i < json_object_array_length(items); i++) {
		if (i > 0)
			buf_append_str(&t->out, " | ");
		append_item(t, schema, json_object_array_get_idx(items, i), indent);
	}
}

static void append_literal(struct typescript *t, struct json_object *schema,
			   struct json_object *value, int indent)
{
	(void)schema;
	(void)indent;
	buf_append_str(&t->out,
		       json_object_to_json_string_ext(
			       value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

static void append_alternative(struct typescript *t, struct json_object *schema,
			       struct json_object *item, int indent)
{
	(void)schema;
	append_type(t, item, indent);
}

static void append_kind_item(struct typescript *t, struct json_object *schema,
			     struct json_object *item, int indent)
{
	append_kind(t, schema, json_object_get_string(item), indent);
}

const char *typescript_def(const struct typescript *t, const char *ref)
{
	const char *def = strncmp(ref, "#/$defs/", 8) == 0 ? ref + 8 : "";

	return strmap_get(&t->def_names, def, strlen(def));
}

static void append_reference(struct typescript *t, const char *ref)
{
	const char *name = typescript_def(t, ref);

	buf_append_str(&t->out, name == NULL ? "unknown" : name);
}

static void append_type(struct typescript *t, struct json_object *schema, int indent)
{
	struct json_object *part = NULL;

	if (json_object_object_get_ex(schema, "$ref", &part))
		append_reference(t, json_object_get_string(part));
	else if (json_object_object_get_ex(schema, "const", &part))
		append_literal(t, schema, part, indent);
	else if (json_object_object_get_ex(schema, "enum", &part))
		append_union(t, schema, part, indent, append_literal);
	else if (json_object_object_get_ex(schema, "anyOf", &part))
		append_union(t, schema, part, indent, append_alternative);
	else if (json_object_object_get_ex(schema, "type", &part) &&
		 json_object_is_type(part, json_type_array))
		append_union(t, schema, part, indent, append_kind_item);
	else if (part != NULL)
		append_kind(t, schema, json_object_get_string(part), indent);
	else
		buf_append_str(&t->out, "unknown");
}

void typescript_export(struct typescript *t, const char *name, struct json_object *schema)
{
	const char *kind = typescript_member(schema, "type") != NULL &&
					   json_object_is_type(typescript_member(schema, "type"),
							       json_type_string)
				   ? text_of(schema, "type")
				   : "";
	bool object = strcmp(kind, "object") == 0 &&
		      typescript_member(schema, "properties") != NULL &&
		      json_object_object_length(typescript_member(schema, "properties")) > 0;

	buf_append_char(&t->out, '\n');
	typescript_comment(t, schema, 0);
	buf_appendf(&t->out, object ? "export interface %s " : "export type %s = ", name);
	append_type(t, schema, 0);
	buf_append_str(&t->out, object ? "\n" : ";\n");
}
