/* SPDX-License-Identifier: PostgreSQL */
/*
 * jsonstrict.h: what we ask of a text beyond that it is JSON (jsoncheck.h, first to be asked). It
 * shares nothing with the product: it walks the tokens without recursion, reads each string as
 * UTF-16, compares names pair by pair, and asks the C library for numbers.
 */
#ifndef TESTS_FUZZ_JSONSTRICT_H
#define TESTS_FUZZ_JSONSTRICT_H

#include <errno.h>
#include <math.h>

#include "fuzz.h"

#define JSONSTRICT_DEPTH 256
#define JSONSTRICT_NAMES 1024
#define JSONSTRICT_TEXT 4096

struct jsonstrict_name {
	size_t object, count; /* of units */
	const uint16_t *units;
};

struct jsonstrict {
	bool good;
	size_t depth, deepest, objects;
	size_t open[JSONSTRICT_DEPTH]; /* the number of the object or array */
	struct jsonstrict_name names[JSONSTRICT_NAMES];
	size_t name_count;
	uint16_t units[JSONSTRICT_TEXT];
	size_t unit_count;
};

/* One character of UTF-8 by arithmetic; 0: it is none, or NUL. */
static uint32_t jsonstrict_utf8(const unsigned char **p, const unsigned char *end)
{
	static const uint32_t least[] = {1, 0x80, 0x800, 0x10000};
	unsigned char first = *(*p)++;
	int more = first < 0x80   ? 0
		   : first < 0xc0 ? -1
		   : first < 0xe0 ? 1
		   : first < 0xf0 ? 2
		   : first < 0xf8 ? 3
				  : -1;
	uint32_t c = more <= 0 ? first : first & (0x3fu >> more);

	for (int i = 0; i < more; i++) {
		if (*p == end || (**p & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (*(*p)++ & 0x3f);
	}
	return more < 0 || c < least[more] || c > 0x10ffff || (c & 0xfffff800) == 0xd800 ? 0 : c;
}

/* What the escape after a backslash says, as one unit. */
static uint16_t jsonstrict_escape(const unsigned char **p)
{
	char digits[5] = "";
	unsigned char c = *(*p)++;

	if (c != 'u')
		return c == 'b'   ? 8
		       : c == 'f' ? 12
		       : c == 'n' ? 10
		       : c == 'r' ? 13
		       : c == 't' ? 9
				  : c;
	memcpy(digits, *p, 4);
	*p += 4;
	return (uint16_t)strtoul(digits, NULL, 16);
}

static void jsonstrict_put(struct jsonstrict *s, uint32_t unit)
{
	MUST(s->unit_count < JSONSTRICT_TEXT);
	s->units[s->unit_count++] = (uint16_t)unit;
}

/* Each high half is followed by a low one, and no low one stands alone; no unit is 0. */
static bool jsonstrict_paired(const uint16_t *units, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool high = (units[i] & 0xfc00) == 0xd800, low = (units[i] & 0xfc00) == 0xdc00;

		if (units[i] == 0 || low ||
		    (high && (i + 1 == count || (units[i + 1] & 0xfc00) != 0xdc00)))
			return false;
		i += high;
	}
	return true;
}

/* Its units are the last ones. */
static const unsigned char *jsonstrict_string(struct jsonstrict *s, const unsigned char *p,
					      const unsigned char *end)
{
	size_t first = s->unit_count;

	for (p++; *p != '"';) {
		uint32_t c;

		if (*p == '\\') {
			p++;
			jsonstrict_put(s, jsonstrict_escape(&p));
			continue;
		}
		c = jsonstrict_utf8(&p, end);
		s->good = s->good && c != 0;
		if (c > 0xffff)
			jsonstrict_put(s, 0xd800 + ((c - 0x10000) >> 10));
		jsonstrict_put(s, c > 0xffff ? 0xdc00 + (c & 0x3ff) : c);
	}
	s->good = s->good && jsonstrict_paired(s->units + first, s->unit_count - first);
	return p + 1;
}

static void jsonstrict_name(struct jsonstrict *s, size_t first)
{
	struct jsonstrict_name name = {s->open[s->depth], s->unit_count - first, s->units + first};

	for (size_t i = 0; i < s->name_count; i++) {
		const struct jsonstrict_name *other = &s->names[i];

		if (other->object == name.object && other->count == name.count &&
		    memcmp(other->units, name.units, name.count * sizeof(*name.units)) == 0)
			s->good = false;
	}
	MUST(s->name_count < JSONSTRICT_NAMES);
	s->names[s->name_count++] = name;
}

static const unsigned char *jsonstrict_number(struct jsonstrict *s, const unsigned char *p,
					      const unsigned char *end)
{
	size_t len = 0;
	char *text;

	while (p + len < end && p[len] != '\0' && strchr("+-.eE0123456789", p[len]) != NULL)
		len++;
	text = xstrndup((const char *)p, len);
	errno = 0;
	if (strpbrk(text, ".eE") != NULL) {
		s->good = s->good && !isinf(strtod(text, NULL));
	} else {
		(void)(text[0] == '-' ? (unsigned long long)strtoll(text, NULL, 10)
				      : strtoull(text, NULL, 10));
		s->good = s->good && errno != ERANGE;
	}
	free(text);
	return p + len;
}

/* A string, and whether it is a name: what follows says so. */
static const unsigned char *jsonstrict_text(struct jsonstrict *s, const unsigned char *p,
					    const unsigned char *end)
{
	size_t first = s->unit_count;
	const unsigned char *next;

	p = next = jsonstrict_string(s, p, end);
	while (next < end && strchr(" \t\r\n", *next) != NULL)
		next++;
	if (next < end && *next == ':')
		jsonstrict_name(s, first);
	return p;
}

/* Is a text that jsoncheck.h takes one that we do? *ret_depth: arrays and objects that are open at
 * once. */
static inline bool is_strict_json(const char *bytes, size_t len, size_t *ret_depth)
{
	const unsigned char *p = (const unsigned char *)bytes, *end = p + len;
	static struct jsonstrict s;

	s.good = true;
	s.depth = s.deepest = s.objects = s.name_count = s.unit_count = 0;
	while (p < end) {
		if (*p == '{' || *p == '[') {
			s.open[++s.depth] = ++s.objects;
			s.deepest = s.depth > s.deepest ? s.depth : s.deepest;
		}
		s.depth -= *p == '}' || *p == ']';
		if (*p == '"')
			p = jsonstrict_text(&s, p, end);
		else
			p = *p == '-' || (*p >= '0' && *p <= '9') ? jsonstrict_number(&s, p, end)
								  : p + 1;
	}
	*ret_depth = s.deepest;
	return s.good;
}

#endif
