/* SPDX-License-Identifier: PostgreSQL */
#include "http/json.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const char *skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* Does the integer fit 64 bits? json-c takes others for the nearest that does, and says nothing. */
static bool fits_64_bits(const char *digits, size_t len, bool negative)
{
	const char *most = negative ? "9223372036854775808" : "18446744073709551615";
	size_t most_len = strlen(most);

	return len < most_len || (len == most_len && memcmp(digits, most, len) <= 0);
}

/* Behind the number that starts at p; NULL: it is none (RFC 8259 6), or none that json-c keeps. */
static const char *skip_number(const char *p, const char *end)
{
	bool negative = p < end && *p == '-';
	const char *digits;

	p += negative;
	digits = p;
	p = skip_digits(p, end);
	if (p == digits || (*digits == '0' && p > digits + 1))
		return NULL;
	if ((p == end || strchr(".eE", *p) == NULL) && !fits_64_bits(digits, (size_t)(p - digits), negative))
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

/* The 16 bits of "\uXXXX" at p; -1: that is not there. */
static long unit_at(const char *p, const char *end)
{
	char digits[5] = "";

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	memcpy(digits, p + 2, 4);
	return strspn(digits, "0123456789abcdefABCDEF") == 4 ? strtol(digits, NULL, 16) : -1;
}

/* The last byte of the escape at p; NULL: it spells half a character, or a NUL: json-c would end a name there, and whoever takes a
 * text as a C string the text; PostgreSQL takes neither for jsonb. */
static const char *skip_escape(const char *p, const char *end)
{
	long unit = unit_at(p, end), other;

	if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return NULL;
	if (unit < 0xd800 || unit > 0xdbff)
		return p + 1;
	other = unit_at(p + 6, end);
	return other >= 0xdc00 && other <= 0xdfff ? p + 11 : NULL;
}

/* Behind the string whose quote is at p; NULL: it does not end, or holds what no text may. */
static const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p == '\\' && (p = skip_escape(p, end)) == NULL)
			return NULL;
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

/* Is it made of JSON's tokens only? Whether they stand in the right order is json-c's to say. Every member has one colon. */
static bool scan_tokens(const char *p, const char *end, size_t *ret_colons)
{
	*ret_colons = 0;
	while (p != NULL && p < end) {
		*ret_colons += *p == ':';
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

/* Members of all objects in it. json-c keeps the last of two with one name. */
static size_t count_members(struct json_object *value)
{
	size_t count = 0;

	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count += count_members(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach (value, name, member) {
			(void)name;
			count += 1 + count_members(member);
		}
	}
	return count;
}

static struct json_object *parse_with(struct json_tokener *tokener, const char *bytes, size_t len)
{
	struct json_object *value = json_tokener_parse_ex(tokener, bytes, (int)len);
	bool whole = json_tokener_get_parse_end(tokener) == len;

	if (json_tokener_get_error(tokener) == json_tokener_continue)
		value = json_tokener_parse_ex(tokener, "", 1); /* a bare number ends only where the text does */
	if (json_tokener_get_error(tokener) == json_tokener_success && whole)
		return value;
	json_object_put(value);
	return NULL;
}

/* A text as long as what is parsed: the tokener's buffer, which grows by copying and is not wiped, then has held no secret
 * that was left behind, and holds none. */
static void fill_buffer(struct json_tokener *tokener, size_t len)
{
	char *text = xmalloc(len + 2);

	memset(text, 'x', len + 2);
	text[0] = text[len + 1] = '"';
	json_object_put(json_tokener_parse_ex(tokener, text, (int)len + 2));
	json_tokener_reset(tokener);
	free(text);
}

static struct json_object *parse(const char *bytes, size_t len, bool secret)
{
	struct json_tokener *tokener;
	struct json_object *value;
	size_t colons;

	/* A NUL would end json-c's reading early and unnoticed. */
	if (len == 0 || len > INT_MAX - 2 || memchr(bytes, '\0', len) != NULL || !scan_tokens(bytes, bytes + len, &colons))
		return NULL;
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (tokener == NULL)
		return NULL;
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	if (secret)
		fill_buffer(tokener, len);
	value = parse_with(tokener, bytes, len);
	if (secret) {
		json_tokener_reset(tokener);
		fill_buffer(tokener, len);
	}
	json_tokener_free(tokener);
	if (count_members(value) == colons)
		return value;
	json_wipe(value);
	return NULL;
}

struct json_object *json_parse(const char *bytes, size_t len)
{
	return parse(bytes, len, false);
}

struct json_object *json_parse_secret(const char *bytes, size_t len)
{
	return parse(bytes, len, true);
}

static void wipe_texts(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		explicit_bzero((char *)(uintptr_t)json_object_get_string(value), (size_t)json_object_get_string_len(value));
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			wipe_texts(json_object_array_get_idx(value, i));
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach (value, name, member) {
			(void)name;
			wipe_texts(member);
		}
	}
}

void json_wipe(struct json_object *value)
{
	wipe_texts(value);
	json_object_put(value);
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
