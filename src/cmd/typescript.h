/* SPDX-License-Identifier: PostgreSQL */
/*
 * typescript.h: JSON Schema as TypeScript types. Knows the part of JSON Schema that herald.schema()
 * makes use of; all else is `unknown`. Names are given once: of two that are alike the second one
 * gets a number.
 */
#ifndef CMD_TYPESCRIPT_H
#define CMD_TYPESCRIPT_H

#include <json-c/json.h>

#include "base/buf.h"
#include "base/strmap.h"

struct typescript {
	struct buf out;          /* what has been printed */
	struct strmap names;     /* those that are given -> themselves, owned */
	struct strmap def_names; /* name in $defs -> name here, owned by names */
};

void typescript_init(struct typescript *t);
void typescript_release(struct typescript *t);

/* A name like "ApiOrdersStream" for "/api/orders" and "stream"; valid as long as t. */
const char *typescript_name(struct typescript *t, const char *first, const char *second);

/* The name of what "#/$defs/<def>" refers to; NULL: it has none. */
const char *typescript_def(const struct typescript *t, const char *ref);

/* its description, where it has one */
void typescript_comment(struct typescript *t, struct json_object *schema, int indent);

/* export interface NAME {…}, where the schema is an object's; else export type NAME = … */
void typescript_export(struct typescript *t, const char *name, struct json_object *schema);

/* A member of an object, borrowed; NULL: it has none. */
struct json_object *typescript_member(struct json_object *object, const char *name);

#endif
