/* SPDX-License-Identifier: PostgreSQL */
/*
 * control.h: what the server says on a connection by itself.
 *
 * That is the HTTP head, `connected`, pings and the control events, in the connection's form. A
 * gatherer takes the events instead, and has no pings. These functions append bytes and send
 * nothing.
 */
#ifndef OUTLET_CONTROL_H
#define OUTLET_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "hub/frame.h"
#include "outlet/gatherer.h"
#include "outlet/gzip.h"

/* How one connection is written. */
struct wire {
	bool bare; /* HTTP/1.0: no chunks */
	enum frame_format format;
	enum frame_form form;
	bool sealed;               /* the data of the event that is appended is sealed */
	struct packer *packer;     /* borrowed; used with FRAME_PACKED only */
	struct gzip_total *total;  /* likewise */
	struct gatherer *gatherer; /* takes what is appended; NULL if it is sent as it comes */
};

/* Appends the HTTP head of a connection. `cors` is header lines, or NULL. */
void control_append_head(struct buf *out, struct wire wire, const char *cors);

/*
 * Appends `retry`, which lines do not have, and `connected`. Its id is where the connection begins,
 * or NULL if that is not known. A client that is cut off at once comes back to that place.
 *
 * Both are one block, and a ping has no blank line after it. A blank line ends an event, and some
 * clients call their user for each one.
 */
void control_append_hello(struct buf *out, struct wire wire, int retry_ms, const struct cursor *at);

/*
 * Appends a ping. With `data` it is an event without an id, which every client can see. NULL means
 * a comment, or a line that says so.
 */
void control_append_ping(struct buf *out, struct wire wire, const char *data);

/* Appends an event. Without an id (`at` is NULL) it moves no cursor of the client (frame.h). */
void control_append_event(struct buf *out, struct wire wire, const struct cursor *at,
			  struct text name, struct text data);
void control_append_reset(struct buf *out, struct wire wire, struct cursor at, const char *reason);
void control_append_ready(struct buf *out, struct wire wire, const struct cursor *at,
			  uint64_t items);
void control_append_expiring(struct buf *out, struct wire wire, int64_t left_ms, const char *code);
/*
 * Appends `closing` and the end of gzip and of the chunks. With a gatherer it appends the answer.
 * retry_ms is when the client is to come back, in the same block. 0 says nothing about that. With
 * `renewable` the data says that it may come back with another token.
 */
void control_append_closing(struct buf *out, struct wire wire, const char *reason, int retry_ms,
			    bool renewable);

#endif
