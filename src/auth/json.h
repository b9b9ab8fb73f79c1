/* SPDX-License-Identifier: PostgreSQL */
/*
 * json.h: JSON from outside, read strictly (RFC 8259). What is JSON, base/json_grammar.h alone
 * decides. json-c gets what is proved, and only makes objects of it, with no strictness of its own:
 * that differs from version to version. 0.16 takes single quotes, NaN and "1.", 0.18 and 0.19
 * refuse each byte above 0x7f.
 */
#ifndef AUTH_JSON_H
#define AUTH_JSON_H

#include <json-c/json.h>
#include <stddef.h>

/* arrays and objects that are open at once; a scalar in the innermost one adds none */
#define JSON_DEPTH_MAX 16

/* One whole JSON value, to be released with json_object_put; NULL when it is not exactly that, and
 * for null. */
struct json_object *json_parse(const char *bytes, size_t len);

/* The same for a text with secrets in it: no copy of them is left in freed memory but in the value,
 * for json_wipe. Of a text that is refused no value is ever copied. */
struct json_object *json_parse_secret(const char *bytes, size_t len);
/* releases it, which must have one owner, and overwrites its texts before */
void json_wipe(struct json_object *value);

/* A scalar as the text PostgreSQL has for it in ->>; NULL for null, arrays and objects. Borrowed
 * from value. */
const char *json_scalar_text(struct json_object *value);

#endif
