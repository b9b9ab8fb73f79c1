/* SPDX-License-Identifier: PostgreSQL */
#include "http/json.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Behind the number that starts at p; NULL: it is none (RFC 8259 6). */
static const char *skip_number(const char *p, const char *end)
{
	const char *digits;

	p += p < end && *p == '-';
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p > digits + 1))
		return NULL;
	if (p < end && *p == '.') {
		digits = ++p;
		p = skip_digits(p, end);
		if (p == digits)
			return NULL;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		digits = p;
		p = skip_digits(p, end);
		if (p == digits)
			return NULL;
	}
	return p;
}

/* Behind the string whose quote is at p; NULL: it does not end, or has a raw control character or a NUL spelled out: json-c
 * would end a name there, and whoever takes a text as a C string the text. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20 || (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0))
			return NULL;
		p += *p == '\\';
	}
	return p < end ? p + 1 : NULL;
}

static const char *skip_word(const char *p, const char *end)
{
	static const char *const words[] = {"true", "false", "null"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if ((size_t)(end - p) >= len && memcmp(p, words[i], len) == 0)
			return p + len;
	}
	return NULL;
}

/* Is it made of JSON's tokens only? Whether they stand in the right order is json-c's to say. */
static bool has_json_tokens(const char *p, const char *end)
{
	while (p != NULL && p < end) {
		if (strchr(" \t\r\n{}[]:,", *p) != NULL)
			p++;
		else if (*p == '"')
			p = skip_string(p, end);
		else if (*p == '-' || (*p >= '0' && *p <= '9'))
			p = skip_number(p, end);
		else
			p = skip_word(p, end);
	}
	return p != NULL;
}

struct json_object *json_parse(const char *bytes, size_t len)
{
	struct json_tokener *tokener;
	struct json_object *value = NULL;
	bool whole;

	/* A NUL would end json-c's reading early and unnoticed. */
	if (len == 0 || len > INT_MAX || memchr(bytes, '\0', len) != NULL || !has_json_tokens(bytes, bytes + len))
		return NULL;
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (tokener == NULL)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	value = json_tokener_parse_ex(tokener, bytes, (int)len);
	whole = json_tokener_get_parse_end(tokener) == len;
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		value = json_tokener_parse_ex(tokener, "", 1); /* a bare number ends only where the text does */
	if (json_tokener_get_error(tokener) != json_tokener_success || !whole) {
		json_object_put(value);
		value = NULL;
	}
	json_tokener_free(tokener);
	return value;
}

const char *json_scalar_text(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_string:
	case json_type_int:
	case json_type_double:
	case json_type_boolean:
		return json_object_get_string(value);
	default:
		return NULL;
	}
}
