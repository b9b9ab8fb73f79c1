/* SPDX-License-Identifier: PostgreSQL */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define CAP_MIN 64

/* Doubling keeps the cost of appending byte by byte linear. */
static size_t grown_cap(size_t cap, size_t need)
{
	size_t doubled = cap > SIZE_MAX / 2 ? SIZE_MAX : cap * 2;
	size_t wanted = doubled > need ? doubled : need;

	return wanted > CAP_MIN ? wanted : CAP_MIN;
}

void buf_init(struct buf *b)
{
	/* A string literal will do, because nothing is written to it while cap is 0. */
	*b = (struct buf){.data = (char *)""};
}

void buf_release(struct buf *b)
{
	if (b->cap > 0)
		free(b->data);
	buf_init(b);
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	if (b->cap > 0)
		b->data[0] = '\0';
}

void buf_trim(struct buf *b, size_t most)
{
	if (b->cap > most)
		buf_release(b);
	else
		buf_clear(b);
}

void buf_reserve(struct buf *b, size_t extra)
{
	char *ours = b->cap > 0 ? b->data : NULL;

	assert(extra < SIZE_MAX - b->len);
	if (b->len + extra < b->cap)
		return;
	b->cap = grown_cap(b->cap, b->len + extra + 1);
	b->data = xrealloc(ours, b->cap);
	b->data[b->len] = '\0';
}

void buf_append(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0)
		return;
	buf_reserve(b, len);
	memcpy(b->data + b->len, bytes, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void buf_append_str(struct buf *b, const char *text)
{
	buf_append(b, text, strlen(text));
}

void buf_append_char(struct buf *b, char c)
{
	buf_append(b, &c, 1);
}

static int print_to_rest(struct buf *b, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static int print_to_rest(struct buf *b, const char *fmt, va_list args)
{
	int len = vsnprintf(b->data + b->len, b->cap - b->len, fmt, args);

	/* Only a wrong format, or a text over INT_MAX bytes, can fail. */
	assert(len >= 0);
	return len;
}

void buf_appendf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	size_t len;

	va_start(args, fmt);
	len = (size_t)print_to_rest(b, fmt, args);
	va_end(args);
	if (len >= b->cap - b->len) {
		buf_reserve(b, len);
		va_start(args, fmt);
		print_to_rest(b, fmt, args);
		va_end(args);
	}
	b->len += len;
}

void buf_drop_front(struct buf *b, size_t len)
{
	assert(len <= b->len);
	if (len == 0)
		return;
	b->len -= len;
	memmove(b->data, b->data + len, b->len + 1);
}

char *buf_detach(struct buf *b)
{
	char *bytes = b->cap > 0 ? b->data : xstrdup("");

	buf_init(b);
	return bytes;
}

/* Returns the letter of the short escape (RFC 8259, section 7). Returns 0 if the character has
 * none. */
static char short_escape(char c)
{
	switch (c) {
	case '"':
	case '\\':
		return c;
	case '\b':
		return 'b';
	case '\f':
		return 'f';
	case '\n':
		return 'n';
	case '\r':
		return 'r';
	case '\t':
		return 't';
	default:
		return '\0';
	}
}

static void append_escape(struct buf *b, char c)
{
	char letter = short_escape(c);

	if (letter != '\0')
		buf_appendf(b, "\\%c", letter);
	else
		buf_appendf(b, "\\u%04x", (unsigned char)c);
}

static bool needs_escape(char c)
{
	return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

void buf_append_json(struct buf *b, const char *text, size_t len)
{
	size_t start = 0;

	buf_reserve(b, len + 2);
	buf_append_char(b, '"');
	for (size_t at = 0; at < len; at++) {
		if (!needs_escape(text[at]))
			continue;
		buf_append(b, text + start, at - start);
		append_escape(b, text[at]);
		start = at + 1;
	}
	/* Whole runs are copied at once, because most payloads have few characters to escape. */
	buf_append(b, text + start, len - start);
	buf_append_char(b, '"');
}

void buf_append_label(struct buf *b, const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			buf_append_char(b, '\\');
		if (*p == '\n')
			buf_append_str(b, "\\n");
		else
			buf_append_char(b, *p);
	}
}
