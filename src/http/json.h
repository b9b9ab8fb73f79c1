/* SPDX-License-Identifier: PostgreSQL */
/*
 * json.h: JSON from outside, read strictly (RFC 8259). json-c 0.16's strict mode still takes single quotes, NaN, Infinity,
 * "1." and raw control characters, cuts integers of more than 64 bits, and keeps the last of two members with one name: a
 * scan of our own stands before it, and a count of the members behind. "\u0000" is refused too, as PostgreSQL's jsonb does.
 */
#ifndef HTTP_JSON_H
#define HTTP_JSON_H

#include <json-c/json.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 16

/* One whole JSON value, to be released with json_object_put; NULL when it is not exactly that. */
struct json_object *json_parse(const char *bytes, size_t len);

/* The same for a text with secrets in it: no copy of them is left in freed memory but in the value, for json_wipe. */
struct json_object *json_parse_secret(const char *bytes, size_t len);
void json_wipe(struct json_object *value); /* releases it, which must have one owner, and overwrites its texts before */

/* A scalar as the text PostgreSQL has for it in ->>; NULL for null, arrays and objects. Borrowed from value. */
const char *json_scalar_text(struct json_object *value);

#endif
