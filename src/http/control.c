/* SPDX-License-Identifier: PostgreSQL */
#include "http/control.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/xalloc.h"

static const struct text ping = {": ping\n\n", 8};
static const char last_chunk[] = "0\r\n\r\n";

static void append_raw(struct buf *out, struct wire wire, struct text bytes)
{
	if (wire.bare)
		buf_append(out, bytes.bytes, bytes.len);
	else
		frame_append_raw(out, bytes);
}

void control_append_head(struct buf *out, struct wire wire, const char *cors)
{
	buf_appendf(out,
		    "HTTP/1.1 200 OK\r\n"
		    "Content-Type: text/event-stream\r\n"
		    "Cache-Control: no-cache\r\n"
		    "Connection: %s\r\n"
		    "X-Accel-Buffering: no\r\n"
		    "X-Content-Type-Options: nosniff\r\n"
		    "%s%s\r\n",
		    wire.bare ? "close" : "keep-alive", wire.bare ? "" : "Transfer-Encoding: chunked\r\n", cors == NULL ? "" : cors);
}

void control_append_hello(struct buf *out, struct wire wire, int retry_ms, const struct cursor *at)
{
	bool named = wire.format == FRAME_NAMED;
	struct buf text;
	char id[CURSOR_TEXT_MAX];

	buf_init(&text);
	buf_appendf(&text, "retry: %d\n\n", retry_ms);
	if (named)
		buf_append_str(&text, "event: connected\n");
	if (at != NULL && cursor_format(*at, id) > 0)
		buf_appendf(&text, "id: %s\n", id);
	buf_appendf(&text, "data: %s\n\n", named ? "{\"message\":\"SSE connected\"}" : "{\"type\":\"connected\"}");
	append_raw(out, wire, (struct text){text.data, text.len});
	buf_release(&text);
}

void control_append_ping(struct buf *out, struct wire wire)
{
	append_raw(out, wire, ping);
}

void control_append_event(struct buf *out, struct wire wire, const struct cursor *at, struct text name, struct text data)
{
	if (wire.bare)
		frame_append_bare(out, wire.format, at, name, data);
	else
		frame_append(out, wire.format, at, name, data);
}

static void append_reason(struct buf *out, struct wire wire, const struct cursor *at, const char *name, const char *reason)
{
	char *data = xasprintf("{\"reason\":\"%s\"}", reason);

	control_append_event(out, wire, at, frame_text(name), frame_text(data));
	free(data);
}

void control_append_reset(struct buf *out, struct wire wire, struct cursor at, const char *reason)
{
	append_reason(out, wire, &at, "reset", reason);
}

void control_append_ready(struct buf *out, struct wire wire, const struct cursor *at, uint64_t items)
{
	char *data = xasprintf("{\"items\":%" PRIu64 "}", items);

	control_append_event(out, wire, at, frame_text("ready"), frame_text(data));
	free(data);
}

void control_append_expiring(struct buf *out, struct wire wire, int64_t left_ms, const char *code)
{
	char *data = xasprintf("{\"expires_in\":%" PRId64 ",\"stream\":\"%s\"}", left_ms / 1000, code);

	control_append_event(out, wire, NULL, frame_text("expiring"), frame_text(data));
	free(data);
}

void control_append_closing(struct buf *out, struct wire wire, const char *reason)
{
	append_reason(out, wire, NULL, "closing", reason);
	if (!wire.bare)
		buf_append_str(out, last_chunk);
}
