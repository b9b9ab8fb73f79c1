/* SPDX-License-Identifier: PostgreSQL */
#include "hub/frame.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hub/jsontext.h"

static void append_name(struct buf *out, struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.bytes[i] >= 0x20 && name.bytes[i] != 0x7f)
			buf_append_char(out, name.bytes[i]);
}

/* Bytes that end a line, or begin a character that ends one for some readers. */
static const bool is_special[256] = {['\n'] = true, ['\r'] = true, [0xc2] = true, [0xe2] = true};

/*
 * Where do the bytes up to the next special one end? JSON has U+0085, U+2028 and U+2029 in strings
 * only. There they are escaped, which is the same text to a reader of JSON. Clients that split
 * lines as Unicode does would cut the data at them.
 */
static const char *append_plain(struct buf *out, const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end && !is_special[(unsigned char)*stop])
		stop++;
	buf_append(out, p, (size_t)(stop - p));
	if (end - stop >= 3 && memcmp(stop, "\xe2\x80", 2) == 0 &&
	    ((unsigned char)stop[2] & 0xfe) == 0xa8) {
		buf_append_str(out, (unsigned char)stop[2] == 0xa8 ? "\\u2028" : "\\u2029");
		return stop + 3;
	}
	if (end - stop >= 2 && memcmp(stop, "\xc2\x85", 2) == 0) {
		buf_append_str(out, "\\u0085");
		return stop + 2;
	}
	if (stop < end && *stop != '\n' && *stop != '\r')
		buf_append_char(out, *stop++);
	return stop;
}

/* Appends data after its first `data: `, and begins one more `data:` line for each further line.
 * For a browser, CR, LF and CRLF all end a line. */
static void append_data(struct buf *out, struct text data)
{
	const char *p = data.bytes, *end = data.bytes + data.len;

	while (p < end) {
		p = append_plain(out, p, end);
		if (p == end || (*p != '\n' && *p != '\r'))
			continue;
		p += p + 1 < end && p[0] == '\r' && p[1] == '\n' ? 2 : 1;
		buf_append_str(out, "\ndata: ");
	}
}

typedef void append_fn(struct buf *out, struct text text);

static void append_raw(struct buf *out, struct text text)
{
	buf_append(out, text.bytes, text.len);
}

/* Opens the object. If the format has the event's name inside, it is the first member, "type". */
static void open_object(struct buf *out, enum frame_format format, struct text name)
{
	buf_append_char(out, '{');
	if (format != FRAME_MESSAGE)
		return;
	buf_append_str(out, "\"type\":");
	buf_append_json(out, name.bytes, name.len);
	buf_append_char(out, ',');
}

/* Appends the members of the object that data is, each with a comma after it. Leaves out own and
 * own_too, which the server says itself. Data that is no object becomes the member "data". */
static void append_members(struct buf *out, struct text data, const char *own, const char *own_too,
			   append_fn *append)
{
	struct jsontext walk = jsontext_open(data);
	struct jsontext_member member;

	if (data.len == 0 || data.bytes[0] != '{') {
		buf_append_str(out, "\"data\":");
		append(out, data);
		buf_append_char(out, ',');
	}
	while (jsontext_next(&walk, &member)) {
		if (text_is(member.name, own) || text_is(member.name, own_too))
			continue;
		append(out, member.name);
		buf_append_char(out, ':');
		append(out, member.value);
		buf_append_char(out, ',');
	}
}

static void append_typed(struct buf *out, struct text name, struct text data, append_fn *append)
{
	open_object(out, FRAME_MESSAGE, name);
	append_members(out, data, "\"type\"", "", append);
	out->data[out->len - 1] = '}'; /* in the place of the last comma */
}

void frame_append_dated(struct buf *out, enum frame_format format, struct text name,
			struct text data, int64_t now_ms)
{
	open_object(out, format, name);
	append_members(out, data, "\"timestamp\"", format == FRAME_MESSAGE ? "\"type\"" : "",
		       append_raw);
	buf_appendf(out, "\"timestamp\":%" PRId64 "}", now_ms);
}

void frame_append_bare(struct buf *out, enum frame_format format, const struct cursor *at,
		       struct text name, struct text data)
{
	char id[CURSOR_TEXT_MAX];

	if (at != NULL && at->tick == 0) {
		buf_append_str(out, "id:\n");
	} else if (at != NULL) {
		buf_append_str(out, "id: ");
		buf_append(out, id, (size_t)cursor_format(*at, id));
		buf_append_char(out, '\n');
	}
	if (format == FRAME_NAMED) {
		buf_append_str(out, "event: ");
		append_name(out, name);
		buf_append_char(out, '\n');
	}
	buf_append_str(out, "data: ");
	if (format == FRAME_MESSAGE)
		append_typed(out, name, data, append_data);
	else
		append_data(out, data);
	buf_append_str(out, "\n\n");
}

/* In JSON a line end between two tokens is as good as a blank. */
static void append_on_one_line(struct buf *out, struct text text)
{
	const char *p = text.bytes, *end = text.bytes + text.len;

	while (p < end) {
		p = append_plain(out, p, end);
		if (p < end && (*p == '\n' || *p == '\r')) {
			buf_append_char(out, ' ');
			p++;
		}
	}
}

/* Appends the name as a string of JSON, again without its control characters. */
static void append_type(struct buf *out, struct text name)
{
	buf_append_char(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.bytes[i] == '"' || name.bytes[i] == '\\')
			buf_append_char(out, '\\');
		append_name(out, (struct text){name.bytes + i, 1});
	}
	buf_append_char(out, '"');
}

void frame_append_line(struct buf *out, enum frame_format format, bool sealed,
		       const struct cursor *at, struct text name, struct text data)
{
	char id[CURSOR_TEXT_MAX] = "";

	buf_append_char(out, '{');
	if (at != NULL && at->tick != 0)
		cursor_format(*at, id);
	if (at != NULL)
		buf_appendf(out, "\"id\":\"%s\",", id);
	buf_append_str(out, "\"event\":");
	append_type(out, format == FRAME_NAMELESS ? text_of("message") : name);
	buf_append_str(out, ",\"data\":");
	if (sealed)
		buf_append_json(out, data.bytes, data.len);
	else if (format == FRAME_MESSAGE)
		append_typed(out, name, data, append_on_one_line);
	else
		append_on_one_line(out, data);
	buf_append_str(out, "}\n");
}

void frame_append_form(struct buf *out, enum frame_form form, enum frame_format format, bool sealed,
		       const struct cursor *at, struct text name, struct text data)
{
	if (form & FRAME_LINES)
		frame_append_line(out, format, sealed, at, name, data);
	else
		frame_append_bare(out, format, at, name, data);
}

size_t frame_open(struct buf *out)
{
	size_t start = out->len;

	buf_append_str(out, "00000000\r\n");
	return start;
}

/* A chunk size may have leading zeros. So its line is as long as any other. It is filled in when
 * what follows is known. */
void frame_close(struct buf *out, size_t start)
{
	char size_line[FRAME_HEAD + 1];

	snprintf(size_line, sizeof(size_line), "%08zx\r\n", out->len - start - FRAME_HEAD);
	memcpy(out->data + start, size_line, FRAME_HEAD);
	buf_append_str(out, "\r\n");
}

void frame_append(struct buf *out, enum frame_form form, enum frame_format format, bool sealed,
		  const struct cursor *at, struct text name, struct text data)
{
	size_t start = frame_open(out);

	frame_append_form(out, form, format, sealed, at, name, data);
	frame_close(out, start);
}

void frame_append_raw(struct buf *out, struct text bytes)
{
	size_t start = frame_open(out);

	buf_append(out, bytes.bytes, bytes.len);
	frame_close(out, start);
}
