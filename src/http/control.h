/* SPDX-License-Identifier: PostgreSQL */
/*
 * control.h: what the server says on a stream by itself: its head, `connected`, pings, and the control events. Pure: bytes
 * are appended, nothing is sent.
 */
#ifndef HTTP_CONTROL_H
#define HTTP_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "hub/frame.h"

/* How one stream is written. */
struct wire {
	bool bare; /* HTTP/1.0: no chunks */
	enum frame_format format;
};

/* The HTTP head. cors: header lines, or NULL. */
void control_append_head(struct buf *out, struct wire wire, const char *cors);

/* retry and `connected`, whose id is where the stream begins (NULL: not known): a client that is cut off at once comes back to there. */
void control_append_hello(struct buf *out, struct wire wire, int retry_ms, const struct cursor *at);

void control_append_ping(struct buf *out, struct wire wire);

/* An event. at as in frame.h: NULL, it has no id and moves no cursor. */
void control_append_event(struct buf *out, struct wire wire, const struct cursor *at, struct text name, struct text data);
void control_append_reset(struct buf *out, struct wire wire, struct cursor at, const char *reason);
void control_append_ready(struct buf *out, struct wire wire, const struct cursor *at, uint64_t items);
void control_append_expiring(struct buf *out, struct wire wire, int64_t left_ms, const char *code);
void control_append_closing(struct buf *out, struct wire wire, const char *reason); /* and the end of the chunks */

#endif
