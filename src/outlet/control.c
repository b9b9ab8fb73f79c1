/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/control.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "http/codes.h"
#include "http/reply.h"

static const char last_chunk[] = "0\r\n\r\n";

static void append_raw(struct buf *out, struct wire wire, struct text bytes)
{
	if (wire.bare)
		buf_append(out, bytes.bytes, bytes.len);
	else
		frame_append_raw(out, bytes);
}

/* Appends what is in the packer's plain text, for this connection alone. */
static void append_packed(struct buf *out, struct wire wire)
{
	packer_pack(wire.packer);
	gzip_count(wire.total, wire.packer->sum);
	append_raw(out, wire, (struct text){wire.packer->packed.data, wire.packer->packed.len});
}

/* Appends bytes of text/event-stream, or a line. */
static void append_text(struct buf *out, struct wire wire, struct text text)
{
	if (!(wire.form & FRAME_PACKED)) {
		append_raw(out, wire, text);
		return;
	}
	buf_clear(&wire.packer->plain);
	buf_append(&wire.packer->plain, text.bytes, text.len);
	append_packed(out, wire);
}

/* The header of gzip goes out with the head, so that a client has it at once. */
static void append_gzip_header(struct buf *out, struct wire wire)
{
	struct buf header;

	buf_init(&header);
	gzip_append_header(&header);
	append_raw(out, wire, (struct text){header.data, header.len});
	buf_release(&header);
}

void control_append_head(struct buf *out, struct wire wire, const char *cors)
{
	reply_append_start(out, HTTP_OK);
	buf_appendf(out,
		    "Content-Type: %s\r\n"
		    "Cache-Control: no-cache, no-transform\r\n"
		    "Connection: %s\r\n"
		    "X-Accel-Buffering: no\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "%s%s%s\r\n",
		    wire.form & FRAME_LINES ? "application/x-ndjson" : "text/event-stream",
		    wire.bare ? "close" : "keep-alive",
		    wire.bare ? "" : "Transfer-Encoding: chunked\r\n",
		    wire.form & FRAME_PACKED ? "Content-Encoding: gzip\r\nVary: Accept-Encoding\r\n"
					     : "",
		    cors == NULL ? "" : cors);
	if (wire.form & FRAME_PACKED)
		append_gzip_header(out, wire);
}

void control_append_hello(struct buf *out, struct wire wire, int retry_ms, const struct cursor *at)
{
	bool named = wire.format == FRAME_NAMED;
	const char *data = named ? "{\"message\":\"SSE connected\"}" : "{\"type\":\"connected\"}";
	struct buf text;
	char id[CURSOR_TEXT_MAX];

	if (wire.gatherer != NULL) {
		wire.gatherer->ops->begin(wire.gatherer, at);
		return;
	}
	buf_init(&text);
	if (wire.form & FRAME_LINES) {
		frame_append_line(&text, FRAME_NAMED, false, at, text_of("connected"),
				  text_of(data));
	} else {
		buf_appendf(&text, "retry: %d\n", retry_ms);
		if (named)
			buf_append_str(&text, "event: connected\n");
		if (at != NULL && cursor_format(*at, id) > 0)
			buf_appendf(&text, "id: %s\n", id);
		buf_appendf(&text, "data: %s\n\n", data);
	}
	append_text(out, wire, (struct text){text.data, text.len});
	buf_release(&text);
}

static void append_form(struct buf *out, struct wire wire, const struct cursor *at,
			struct text name, struct text data)
{
	frame_append_form(out, wire.form, wire.format, wire.sealed, at, name, data);
}

void control_append_event(struct buf *out, struct wire wire, const struct cursor *at,
			  struct text name, struct text data)
{
	if (wire.gatherer != NULL) {
		wire.gatherer->ops->add(wire.gatherer, wire.format, wire.sealed, at, name, data);
	} else if (wire.form & FRAME_PACKED) {
		buf_clear(&wire.packer->plain);
		append_form(&wire.packer->plain, wire, at, name, data);
		append_packed(out, wire);
	} else if (wire.bare) {
		append_form(out, wire, at, name, data);
	} else {
		frame_append(out, wire.form, wire.format, wire.sealed, at, name, data);
	}
}

void control_append_ping(struct buf *out, struct wire wire, const char *data)
{
	if (wire.gatherer != NULL)
		return;
	if (data != NULL)
		control_append_event(out, wire, NULL, text_of("ping"), text_of(data));
	else
		append_text(
			out, wire,
			text_of(wire.form & FRAME_LINES ? "{\"event\":\"ping\"}\n" : ": ping\n"));
}

static void append_gzip_end(struct buf *out, struct wire wire)
{
	struct buf end;

	buf_init(&end);
	gzip_append_end(&end, wire.total);
	append_raw(out, wire, (struct text){end.data, end.len});
	buf_release(&end);
}

/* `more` is further members of the data, with a comma before each. */
static void append_reason(struct buf *out, struct wire wire, const struct cursor *at,
			  const char *name, const char *reason, const char *more)
{
	char *data = xasprintf("{\"reason\":\"%s\"%s}", reason, more);

	control_append_event(out, wire, at, text_of(name), text_of(data));
	free(data);
}

void control_append_reset(struct buf *out, struct wire wire, struct cursor at, const char *reason)
{
	if (wire.gatherer != NULL)
		wire.gatherer->ops->reset(wire.gatherer, at, reason);
	else
		append_reason(out, wire, &at, "reset", reason, "");
}

void control_append_ready(struct buf *out, struct wire wire, const struct cursor *at,
			  uint64_t items)
{
	char *data = xasprintf("{\"items\":%" PRIu64 "}", items);

	control_append_event(out, wire, at, text_of("ready"), text_of(data));
	free(data);
}

void control_append_expiring(struct buf *out, struct wire wire, int64_t left_ms, const char *code)
{
	char *data =
		xasprintf("{\"expires_in\":%" PRId64 ",\"stream\":\"%s\"}", left_ms / 1000, code);

	if (wire.gatherer == NULL) /* a page is over before that */
		control_append_event(out, wire, NULL, text_of("expiring"), text_of(data));
	free(data);
}

/* Stands before an event, and belongs to its block. Lines have no such thing. */
static void append_retry(struct buf *out, struct wire wire, int retry_ms)
{
	struct buf text;

	if (retry_ms == 0 || (wire.form & FRAME_LINES))
		return;
	buf_init(&text);
	buf_appendf(&text, "retry: %d\n", retry_ms);
	append_text(out, wire, (struct text){text.data, text.len});
	buf_release(&text);
}

void control_append_closing(struct buf *out, struct wire wire, const char *reason, int retry_ms,
			    bool renewable)
{
	if (wire.gatherer != NULL) {
		wire.gatherer->ops->close(wire.gatherer, out, reason);
		return;
	}
	append_retry(out, wire, retry_ms);
	append_reason(out, wire, NULL, "closing", reason, renewable ? ",\"retry\":true" : "");
	if (wire.form & FRAME_PACKED)
		append_gzip_end(out, wire);
	if (!wire.bare)
		buf_append_str(out, last_chunk);
}
