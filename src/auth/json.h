/* SPDX-License-Identifier: PostgreSQL */
/*
 * json.h: JSON from outside, read strictly (RFC 8259). Only base/json_grammar.h decides what is
 * JSON. The library json-c gets only what is proved, and makes objects of it. Its own strictness is
 * off, because that differs from version to version. Version 0.16 accepts single quotes, NaN and
 * "1.". Versions 0.18 and 0.19 refuse each byte above 0x7f.
 */
#ifndef AUTH_JSON_H
#define AUTH_JSON_H

#include <json-c/json.h>
#include <stddef.h>

/* arrays and objects that are open at once; a scalar in the innermost one adds none */
#define JSON_DEPTH_MAX 16

/*
 * Parses one whole JSON value. The caller releases it with json_object_put. NULL if the text is not
 * exactly one value, and also for null.
 */
struct json_object *json_parse(const char *bytes, size_t len);

/*
 * The same for a text that has secrets. The value is their only copy, which json_wipe overwrites.
 * No copy stays in freed memory. A text that is refused is never copied.
 */
struct json_object *json_parse_secret(const char *bytes, size_t len);
/* Overwrites the texts of the value, then releases it. The value must have one owner. */
void json_wipe(struct json_object *value);

/*
 * A scalar as the text that PostgreSQL's ->> gives. NULL for null, arrays and objects. Borrowed
 * from the value.
 */
const char *json_scalar_text(struct json_object *value);

#endif
