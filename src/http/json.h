/* SPDX-License-Identifier: PostgreSQL */
/*
 * json.h: JSON from outside, read strictly (RFC 8259). json-c 0.16's strict mode still takes single quotes, NaN, Infinity,
 * "1." and raw control characters: a scan of our own stands before it. It refuses "\u0000" too, as PostgreSQL's jsonb does.
 */
#ifndef HTTP_JSON_H
#define HTTP_JSON_H

#include <json-c/json.h>
#include <stddef.h>

#define JSON_DEPTH_MAX 16

/* One whole JSON value, to be released with json_object_put; NULL when it is not exactly that. */
struct json_object *json_parse(const char *bytes, size_t len);

/* A scalar as the text PostgreSQL has for it in ->>; NULL for null, arrays and objects. Borrowed from value. */
const char *json_scalar_text(struct json_object *value);

#endif
