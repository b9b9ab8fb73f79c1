/* SPDX-License-Identifier: PostgreSQL */
/*
 * typescript.h: JSON Schema as TypeScript types. It knows the part of JSON Schema that
 * herald.schema() uses. All else is `unknown`. Each name is given once. If two are alike, the
 * second one gets a number.
 */
#ifndef CMD_TYPESCRIPT_H
#define CMD_TYPESCRIPT_H

#include <json-c/json.h>

#include "base/buf.h"
#include "base/strmap.h"

struct typescript {
	struct buf out;          /* what has been printed */
	struct strmap names;     /* those that are given, to themselves; owned */
	struct strmap def_names; /* name in $defs to name here, owned by names */
};

void typescript_init(struct typescript *t);
void typescript_release(struct typescript *t);

/* A name like "ApiOrdersStream" for "/api/orders" and "stream". It is valid as long as `t`. */
const char *typescript_name(struct typescript *t, const char *first, const char *second);

/* The name of what "#/$defs/<def>" refers to. NULL if it has none. */
const char *typescript_def(const struct typescript *t, const char *ref);

/* Adds its description, if it has one. */
void typescript_comment(struct typescript *t, struct json_object *schema, int indent);

/* Adds "export interface NAME {…}" for the schema of an object, else "export type NAME = …". */
void typescript_export(struct typescript *t, const char *name, struct json_object *schema);

/* A member of an object, borrowed. NULL if it has none. */
struct json_object *typescript_member(struct json_object *object, const char *name);

#endif
