/* SPDX-License-Identifier: PostgreSQL */
/*
 * frame.h: makes the bytes of events on the wire. Bytes go in and bytes come out.
 *
 * Events are pieces of text/event-stream (WHATWG HTML, section 9.2). Each is wrapped as one chunk
 * of HTTP/1.1's chunked coding (RFC 9112, section 7.1). HTTP/1.0 clients get the same bytes without
 * the wrapping, so a frame is made once for all. The same events are also lines of
 * application/x-ndjson, a JSON object each.
 *
 * No data can start a field of its own. A line end inside becomes a further `data:` line, as the
 * standard says. The text of jsonb has none. Names and ids are validated where they enter. A
 * control character in a name is dropped here.
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
	/* No `event:` line. The name is "type" inside data, for clients with onmessage alone. */
	FRAME_MESSAGE,
	/* Data alone, because what is sealed has its name inside. No stream is defined so. */
	FRAME_NAMELESS,
};
#define FRAME_FORMATS 2 /* those that a stream may be defined with */

/* The forms of one stream, as two bits. A subscriber's form is settled when it opens. Ids, order
 * and rights are the same in all. */
enum frame_form {
	FRAME_EVENTS = 0, /* text/event-stream */
	/* In pieces of a gzip stream. Each can be read without what was before it (packer.h). */
	FRAME_PACKED = 1,
	FRAME_LINES = 2, /* application/x-ndjson */
	FRAME_FORMS = 4
};

/* Bytes around a frame in its chunk. The size line, which always has 8 digits, comes first. The
 * line end comes last. */
#define FRAME_HEAD 10
#define FRAME_TAIL 2

/* Appends one event of a text/event-stream. If at is NULL, there is no `id:` line. If its tick is
 * 0, the line is empty, and clients forget the id that they have. */
void frame_append_bare(struct buf *out, enum frame_format format, const struct cursor *at,
		       struct text name, struct text data);

/*
 * Appends one event as a line, {"id":…,"event":…,"data":…}. If at is NULL, there is no id. If its
 * tick is 0, the id is empty. event is the type that a browser would dispatch. In the format
 * `message` it is the event's own name. data is what stands in `data:`, byte for byte. What is
 * sealed is no JSON, and goes as a string.
 */
void frame_append_line(struct buf *out, enum frame_format format, bool sealed,
		       const struct cursor *at, struct text name, struct text data);

/* Appends one of the two, as the form has it. Packing is not done here. */
void frame_append_form(struct buf *out, enum frame_form form, enum frame_format format, bool sealed,
		       const struct cursor *at, struct text name, struct text data);

/* Appends the same as one chunk. */
void frame_append(struct buf *out, enum frame_form form, enum frame_format format, bool sealed,
		  const struct cursor *at, struct text name, struct text data);

/* Puts a chunk around what is appended between the two calls. */
MUST_CHECK size_t frame_open(struct buf *out); /* the start for frame_close */
void frame_close(struct buf *out, size_t start);

/* Appends any bytes of the stream, such as a comment or a retry line, as one chunk. */
void frame_append_raw(struct buf *out, struct text bytes);

/*
 * Appends what is to be sealed in the place of an event's data. It is a JSON object with the data's
 * members. The name is "type" if the format has it inside. The last member is "timestamp", in
 * milliseconds since 1970, and no other has that name.
 */
void frame_append_dated(struct buf *out, enum frame_format format, struct text name,
			struct text data, int64_t now_ms);

#endif
