/* SPDX-License-Identifier: PostgreSQL */
/*
 * types.c: what herald.schema() says of the streams' events, as TypeScript on stdout. The order is
 * that of the document. The database keeps it as long as the rules are the same.
 */
#include "cmd/cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/migrate.h"
#include "cmd/open.h"
#include "cmd/typescript.h"

#define DEPTH_MAX 500 /* of the document */

/*
 * The events of one of the two kinds, "events" or "control". Adds their types, and what the union
 * and the map say of them.
 */
static void append_events(struct typescript *t, const char *path, struct json_object *events,
			  struct buf *alternatives, struct buf *map)
{
	json_object_object_foreach(events, event, schema)
	{
		struct json_object *ref = typescript_member(schema, "$ref");
		struct buf key;
		const char *name;

		if (ref != NULL) {
			name = typescript_def(t, json_object_get_string(ref));
		} else {
			name = typescript_name(t, path, event);
			typescript_export(t, name, schema);
		}
		buf_init(&key);
		buf_append_json(&key, event, strlen(event));
		buf_appendf(alternatives, "\n  | { event: %s; data: %s }", key.data, name);
		if (map != NULL)
			buf_appendf(map, "    %s: %s;\n", key.data, name);
		buf_release(&key);
	}
}

static void append_union(struct typescript *t, const char *name, const struct buf *alternatives)
{
	buf_appendf(&t->out, "export type %s =%s;\n", name,
		    alternatives->len == 0 ? " never" : alternatives->data);
}

static void append_stream(struct typescript *t, const char *path, struct json_object *stream,
			  struct buf *map)
{
	struct buf events, control, key;

	buf_init(&events);
	buf_init(&control);
	buf_init(&key);
	buf_append_json(&key, path, strlen(path));
	buf_appendf(map, "  %s: {\n", key.data);
	append_events(t, path, typescript_member(stream, "events"), &events, map);
	append_events(t, path, typescript_member(stream, "control"), &control, NULL);
	buf_append_str(map, "  };\n");
	buf_append_char(&t->out, '\n');
	typescript_comment(t, stream, 0);
	append_union(t, typescript_name(t, path, "Event"), &events);
	buf_append_str(&t->out, "\n/** What the server says of the stream itself. */\n");
	append_union(t, typescript_name(t, path, "Control"), &control);
	buf_release(&key);
	buf_release(&control);
	buf_release(&events);
}

/* True if this part of the document refers to the definition. */
static bool refers(struct json_object *part, const char *def)
{
	char *ref = xasprintf("\"#/$defs/%s\"", def);
	bool found = strstr(json_object_to_json_string_ext(
				    part, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
			    ref) != NULL;

	free(ref);
	return found;
}

/* Adds the definitions that this part of the document needs. */
static void append_definitions(struct typescript *t, struct json_object *defs,
			       struct json_object *part)
{
	json_object_object_foreach(defs, def, schema)
	{
		const char *name;

		(void)schema;
		if (!refers(part, def))
			continue;
		name = typescript_name(t, def, "");
		strmap_put(&t->def_names, def, strlen(def), (void *)(uintptr_t)name);
	}
	json_object_object_foreach(
		defs, again, described) if (strmap_get(&t->def_names, again, strlen(again)) != NULL)
		typescript_export(t, strmap_get(&t->def_names, again, strlen(again)), described);
}

/* `only` is the one stream that is wanted, or NULL for all. */
static void append_document(struct typescript *t, struct json_object *document, const char *only)
{
	struct buf map;

	buf_init(&map);
	buf_append_str(&t->out, "// Made by `pgherald types`: what streams tell. Make it again "
				"when an event `schema` comes.\n");
	typescript_name(t, "Streams", "");
	append_definitions(
		t, typescript_member(document, "$defs"),
		only == NULL ? document
			     : typescript_member(typescript_member(document, "streams"), only));
	json_object_object_foreach(typescript_member(document, "streams"), path,
				   stream) if (only == NULL || strcmp(only, path) == 0)
		append_stream(t, path, stream, &map);
	buf_appendf(&t->out, "\n/** Data by path and event. */\nexport interface Streams {\n%s}\n",
		    map.data);
	buf_release(&map);
}

static int print_types(struct json_object *document, const char *only)
{
	struct typescript t;

	if (only != NULL &&
	    typescript_member(typescript_member(document, "streams"), only) == NULL) {
		fprintf(stderr,
			"pgherald: there is no stream '%s', give its path as herald.stream has "
			"it\n",
			only);
		return EXIT_FAILED;
	}
	typescript_init(&t);
	append_document(&t, document, only);
	fputs(t.out.data, stdout);
	typescript_release(&t);
	return EXIT_DONE;
}

static struct json_object *parse_document(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *document = json_tokener_parse_ex(tokener, text, -1);

	json_tokener_free(tokener);
	return document;
}

int cmd_types(struct cli_call *call)
{
	struct json_object *document;
	char *text;
	PGconn *pg;
	int result;

	if (call->word_count > 0)
		return cli_usage("types takes no argument, not '%s'", call->words[0]);
	pg = open_database(call, &result);
	if (pg == NULL)
		return result;
	text = migrate_query_text(pg, "SELECT herald.schema()::text", 0, NULL);
	PQfinish(pg);
	document = text == NULL ? NULL : parse_document(text);
	free(text);
	if (document == NULL)
		return EXIT_FAILED;
	result = print_types(document, cli_value(call, "stream"));
	json_object_put(document);
	return result;
}
