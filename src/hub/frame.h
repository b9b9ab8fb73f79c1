/* SPDX-License-Identifier: PostgreSQL */
/*
 * frame.h: events as bytes of text/event-stream (WHATWG HTML 9.2), each wrapped as one chunk of
 * HTTP/1.1's chunked coding (RFC 9112 7.1). HTTP/1.0 clients get the same bytes without the
 * wrapping, so a frame is made once for all. Pure: bytes in, bytes out. The same events are also
 * lines of application/x-ndjson, a JSON object each. No data can start a field of its own: a line
 * end inside becomes a further `data:` line, as the standard has it (jsonb text has none). Names
 * and ids are validated where they enter; a control character in a name is dropped here.
 */
#ifndef HUB_FRAME_H
#define HUB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "hub/cursor.h"

enum frame_format {
	FRAME_NAMED, /* an `event:` line with the name */
	/* no `event:` line; the name as "type" inside data, for plain onmessage clients */
	FRAME_MESSAGE,
	/* data alone: what is sealed has its name inside. No stream is defined so */
	FRAME_NAMELESS,
};
#define FRAME_FORMATS 2 /* that a stream may be defined with */

/* The forms of one stream, two bits. Which a subscriber gets is settled when it opens; ids, order
 * and rights are the same. */
enum frame_form {
	FRAME_EVENTS = 0, /* text/event-stream */
	/* in pieces of a gzip stream that can be read without what was before them (packer.h) */
	FRAME_PACKED = 1,
	FRAME_LINES = 2, /* application/x-ndjson */
	FRAME_FORMS = 4
};

/* What stands before and behind a frame in its chunk: the size line (always 8 digits), and the line
 * end. */
#define FRAME_HEAD 10
#define FRAME_TAIL 2

/* Appends one event of a text/event-stream. at NULL: no `id:` line; its tick 0: an empty one, at
 * which clients forget the id that they have. */
void frame_append_bare(struct buf *out, enum frame_format format, const struct cursor *at,
		       struct text name, struct text data);

/*
 * Appends one event as a line: {"id":…,"event":…,"data":…}. at as above: NULL, no id; tick 0, an
 * empty one. event is the type that a browser would dispatch, in the format `message` the event's
 * own name. data is what stands in `data:`, byte for byte; what is sealed is no JSON, and goes as a
 * text.
 */
void frame_append_line(struct buf *out, enum frame_format format, bool sealed,
		       const struct cursor *at, struct text name, struct text data);

/* One of the two, as the form has it. */
void frame_append_form(struct buf *out, enum frame_form form, enum frame_format format, bool sealed,
		       const struct cursor *at, struct text name, struct text data);

/* The same as one chunk. */
void frame_append(struct buf *out, enum frame_form form, enum frame_format format, bool sealed,
		  const struct cursor *at, struct text name, struct text data);

/* Puts a chunk around what is appended between the two calls. */
MUST_CHECK size_t frame_open(struct buf *out); /* for frame_close */
void frame_close(struct buf *out, size_t start);

/* Appends any bytes of the stream (a comment, a retry line) as one chunk. */
void frame_append_raw(struct buf *out, struct text bytes);

/*
 * Appends what is sealed in the place of an event's data: a JSON object with the data's members,
 * the name as "type" where the format has it inside, and "timestamp" at its end (milliseconds since
 * 1970), the only one of that name.
 */
void frame_append_dated(struct buf *out, enum frame_format format, struct text name,
			struct text data, int64_t now_ms);

#endif
