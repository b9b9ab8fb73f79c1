/* SPDX-License-Identifier: PostgreSQL */
#include "base/json_grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_number.h"
#include "base/utf8.h"
#include "base/xalloc.h"

/* A name without its escapes. It is a piece of the text, or of decoded. */
struct name {
	const char *at;
	size_t len;
};

struct reader {
	const char *at, *end;
	size_t len;
	enum json_fault fault;
	size_t levels;      /* arrays and objects that may still be opened */
	struct name *names; /* of all open objects, the innermost last */
	size_t count, cap;
	/* Holds names that had escapes. It has room for the text, because no name gets longer. */
	char *decoded;
	size_t decoded_len;
};

static bool read_value(struct reader *r);

/* Notes the first fault. A function that returns false without a note has found a fault of
 * syntax. */
static bool fail(struct reader *r, enum json_fault fault)
{
	if (r->fault == JSON_FAULT_NONE)
		r->fault = fault;
	return false;
}

/* --- strings --- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Returns the 16 bits of "\uXXXX". Returns -1 if that is not at `at`. */
static int32_t unit_at(const char *at, const char *end)
{
	int32_t unit = 0;

	if (end - at < 6 || at[0] != '\\' || at[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		int digit = hex_digit(at[i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* Returns the length of the escape that the backslash at `at` begins. Both halves of a surrogate
 * pair are one escape. Returns 0 for no escape, for a NUL, and for one half of a pair. */
static size_t escape_len(const char *at, const char *end)
{
	int32_t unit = unit_at(at, end), low;

	if (unit < 0)
		return end - at > 1 && memchr("\"\\/bfnrt", at[1], 8) != NULL ? 2 : 0;
	if (unit == 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return 0;
	if (unit < 0xd800 || unit > 0xdbff)
		return 6;
	low = unit_at(at + 6, end);
	return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

/* Returns the length of the character as it is written. Returns 0 if no string may hold it. */
static size_t character_len(const char *at, const char *end)
{
	unsigned char c = (unsigned char)*at;

	if (c < 0x20)
		return 0;
	if (c == '\\')
		return escape_len(at, end);
	return c < 0x80 ? 1 : utf8_len((const unsigned char *)at, (size_t)(end - at));
}

/* Says why no string may hold the character that is written at `at`. */
static enum json_fault character_fault(const char *at, const char *end)
{
	if ((unsigned char)*at >= 0x80)
		return JSON_FAULT_UTF8;
	return unit_at(at, end) >= 0 ? JSON_FAULT_CHARACTER : JSON_FAULT_SYNTAX;
}

/* Reads from the opening quote to the place after the closing one. */
static bool read_string(struct reader *r)
{
	for (r->at++; r->at < r->end && *r->at != '"';) {
		size_t step = character_len(r->at, r->end);

		if (step == 0)
			return fail(r, character_fault(r->at, r->end));
		r->at += step;
	}
	if (r->at == r->end)
		return false;
	r->at++;
	return true;
}

/* --- names --- */

static size_t encode(char *out, uint32_t c)
{
	size_t later = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
	static const unsigned char first[] = {0x00, 0xc0, 0xe0, 0xf0};

	for (size_t i = later; i > 0; i--) {
		out[i] = (char)(0x80 | (c & 0x3f));
		c >>= 6;
	}
	out[0] = (char)(first[later] | c);
	return later + 1;
}

/* Returns the character that an escape of this length stands for. The escape is known to be
 * good. */
static uint32_t escaped(const char *at, size_t len)
{
	static const char letters[] = "bfnrt", controls[] = "\b\f\n\r\t";
	uint32_t unit;

	if (len == 2) {
		const char *letter = memchr(letters, at[1], sizeof(letters) - 1);

		return (uint32_t)(letter == NULL ? at[1] : controls[letter - letters]);
	}
	unit = (uint32_t)unit_at(at, at + len);
	return len == 6 ? unit
			: 0x10000 + ((unit - 0xd800) << 10) +
				  ((uint32_t)unit_at(at + 6, at + len) - 0xdc00);
}

/* Returns the name without its escapes. */
static struct name decode(struct reader *r, struct name name)
{
	const char *at = name.at, *end = at + name.len;
	char *to;

	if (r->decoded == NULL)
		r->decoded = xmalloc(r->len);
	to = r->decoded + r->decoded_len;
	name = (struct name){to, 0};
	while (at < end) {
		size_t len = *at == '\\' ? escape_len(at, end) : 0;

		if (len == 0)
			to[name.len++] = *at++;
		else
			name.len += encode(to + name.len, escaped(at, len));
		at += len;
	}
	r->decoded_len += name.len;
	return name;
}

static bool read_name(struct reader *r)
{
	const char *begin = r->at + 1;
	struct name name;

	if (r->at == r->end || *r->at != '"' || !read_string(r))
		return false;
	name = (struct name){begin, (size_t)(r->at - 1 - begin)};
	if (memchr(name.at, '\\', name.len) != NULL)
		name = decode(r, name);
	if (r->count == r->cap) {
		r->cap = r->cap == 0 ? 16 : r->cap * 2;
		r->names = xrealloc(r->names, r->cap * sizeof(*r->names));
	}
	r->names[r->count++] = name;
	return true;
}

/* Any order will do, so the cheap comparison comes first. */
static int compare(const void *one, const void *other)
{
	const struct name *a = one, *b = other;

	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	return memcmp(a->at, b->at, a->len);
}

/* Do all names from this one on differ? */
static bool all_differ(struct reader *r, size_t first)
{
	if (r->count - first > 1)
		qsort(r->names + first, r->count - first, sizeof(*r->names), compare);
	for (size_t i = first + 1; i < r->count; i++) {
		if (compare(&r->names[i - 1], &r->names[i]) == 0)
			return false;
	}
	return true;
}

/* --- structure --- */

static void skip_blanks(struct reader *r)
{
	while (r->at < r->end &&
	       (*r->at == ' ' || *r->at == '\t' || *r->at == '\n' || *r->at == '\r'))
		r->at++;
}

/* Takes c, one of the six structural characters, if it comes next. */
static bool take(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->at == r->end || *r->at != c)
		return false;
	r->at++;
	return true;
}

static bool read_member(struct reader *r)
{
	skip_blanks(r);
	return read_name(r) && take(r, ':') && read_value(r);
}

static bool read_object(struct reader *r)
{
	size_t first = r->count;

	if (!take(r, '}')) {
		do {
			if (!read_member(r))
				return false;
		} while (take(r, ','));
		if (!take(r, '}'))
			return false;
		if (!all_differ(r, first))
			return fail(r, JSON_FAULT_NAME_TWICE);
	}
	r->count = first;
	return true;
}

static bool read_array(struct reader *r)
{
	if (take(r, ']'))
		return true;
	do {
		if (!read_value(r))
			return false;
	} while (take(r, ','));
	return take(r, ']');
}

/* The count of levels bounds how deep these functions call themselves. */
static bool read_level(struct reader *r, bool (*read)(struct reader *r))
{
	bool good;

	if (r->levels == 0)
		return fail(r, JSON_FAULT_DEPTH);
	r->at++;
	r->levels--;
	good = read(r);
	r->levels++;
	return good;
}

static bool read_word(struct reader *r, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0)
		return false;
	r->at += len;
	return true;
}

static bool read_number(struct reader *r)
{
	const char *after = json_number_end(r->at, r->end);

	if (after == NULL)
		return json_number_is_too_large(r->at, r->end) ? fail(r, JSON_FAULT_NUMBER) : false;
	r->at = after;
	return true;
}

static bool read_scalar(struct reader *r)
{
	switch (*r->at) {
	case '"':
		return read_string(r);
	case 't':
		return read_word(r, "true");
	case 'f':
		return read_word(r, "false");
	case 'n':
		return read_word(r, "null");
	default:
		return read_number(r);
	}
}

static bool read_value(struct reader *r)
{
	skip_blanks(r);
	if (r->at == r->end)
		return false;
	if (*r->at == '{')
		return read_level(r, read_object);
	return *r->at == '[' ? read_level(r, read_array) : read_scalar(r);
}

enum json_fault json_grammar_fault(const char *bytes, size_t len, size_t depth_max)
{
	struct reader r = {.at = bytes, .len = len, .levels = depth_max};
	bool good;

	if (len == 0)
		return JSON_FAULT_SYNTAX;
	r.end = bytes + len;
	good = read_value(&r);
	skip_blanks(&r);
	good = good && r.at == r.end;
	if (r.decoded != NULL)
		explicit_bzero(r.decoded, r.decoded_len);
	free(r.decoded);
	free(r.names);
	if (good)
		return JSON_FAULT_NONE;
	return r.fault == JSON_FAULT_NONE ? JSON_FAULT_SYNTAX : r.fault;
}

bool json_grammar_holds(const char *bytes, size_t len, size_t depth_max)
{
	return json_grammar_fault(bytes, len, depth_max) == JSON_FAULT_NONE;
}
