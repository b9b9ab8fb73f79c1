/* SPDX-License-Identifier: PostgreSQL */
/* jsoncheck.h: is this JSON (RFC 8259)? A reader of the tests' own, that shares nothing with
 * base/json_grammar.h: each judges the other. Bytes above 0x7f count as they are, UTF-8 or not;
 * names, pairs and ranges are for jsonstrict.h. */
#ifndef TESTS_FUZZ_JSONCHECK_H
#define TESTS_FUZZ_JSONCHECK_H

#include "fuzz.h"

#define JSONCHECK_DEPTH 200

static const char *jsoncheck_value(const char *p, const char *end, int depth);

static const char *jsoncheck_blank(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static const char *jsoncheck_digits(const char *p, const char *end)
{
	if (p == end || *p < '0' || *p > '9')
		return NULL;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static const char *jsoncheck_number(const char *p, const char *end)
{
	p += *p == '-';
	p = p < end && *p == '0' ? p + 1 : jsoncheck_digits(p, end);
	if (p != NULL && p < end && *p == '.')
		p = jsoncheck_digits(p + 1, end);
	if (p == NULL || p == end || (*p != 'e' && *p != 'E'))
		return p;
	p++;
	p += p < end && (*p == '+' || *p == '-');
	return jsoncheck_digits(p, end);
}

static bool jsoncheck_hex(const char *p, const char *end)
{
	for (int i = 0; i < 4; i++)
		if (p + i >= end || p[i] == '\0' || strchr("0123456789abcdefABCDEF", p[i]) == NULL)
			return false;
	return true;
}

static const char *jsoncheck_string(const char *p, const char *end)
{
	if (p == end || *p++ != '"')
		return NULL;
	for (; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end || *p == '\0' || strchr("\"\\/bfnrtu", *p) == NULL)
			return NULL;
		if (*p == 'u' && !jsoncheck_hex(p + 1, end))
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

/* The members of an object or the items of an array, from behind its bracket to behind the closing
 * one. */
static const char *jsoncheck_items(const char *p, const char *end, char close, int depth)
{
	p = jsoncheck_blank(p, end);
	if (p < end && *p == close)
		return p + 1;
	for (;;) {
		if (close == '}') {
			p = jsoncheck_string(jsoncheck_blank(p, end), end);
			p = p == NULL ? NULL : jsoncheck_blank(p, end);
			if (p == NULL || p == end || *p++ != ':')
				return NULL;
		}
		p = jsoncheck_value(p, end, depth + 1);
		if (p == NULL || p == end || (*p != ',' && *p != close))
			return NULL;
		if (*p++ == close)
			return p;
	}
}

/* Behind the value and its blanks; NULL: there is none. */
static const char *jsoncheck_value(const char *p, const char *end, int depth)
{
	static const char *const words[] = {"true", "false", "null"};

	p = jsoncheck_blank(p, end);
	if (p == end || depth > JSONCHECK_DEPTH)
		return NULL;
	if (*p == '{' || *p == '[')
		p = jsoncheck_items(p + 1, end, *p == '{' ? '}' : ']', depth);
	else if (*p == '"')
		p = jsoncheck_string(p, end);
	else if (*p == '-' || (*p >= '0' && *p <= '9'))
		p = p + (*p == '-') == end ? NULL : jsoncheck_number(p, end);
	else {
		const char *word = NULL;

		for (size_t i = 0; i < ARRAY_SIZE(words) && word == NULL; i++)
			if ((size_t)(end - p) >= strlen(words[i]) &&
			    memcmp(p, words[i], strlen(words[i])) == 0)
				word = p + strlen(words[i]);
		p = word;
	}
	return p == NULL ? NULL : jsoncheck_blank(p, end);
}

static inline bool is_json(const char *bytes, size_t len)
{
	return len > 0 && jsoncheck_value(bytes, bytes + len, 0) == bytes + len;
}

#endif
