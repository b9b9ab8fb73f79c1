/* SPDX-License-Identifier: PostgreSQL */
/*
 * control.h: what the server says on a stream by itself: its head, `connected`, pings, and the
 * control events, in the stream's form. A page (page.h) gathers them instead, and knows no pings.
 * Bytes are appended, nothing is sent.
 */
#ifndef OUTLET_CONTROL_H
#define OUTLET_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "hub/frame.h"
#include "outlet/gzip.h"

struct page;

/* How one stream is written. */
struct wire {
	bool bare; /* HTTP/1.0: no chunks */
	enum frame_format format;
	enum frame_form form;
	bool sealed;              /* the data of the event that is appended is */
	struct packer *packer;    /* of FRAME_PACKED; NULL else */
	struct gzip_total *total; /* the same */
	struct page *page;        /* that gathers what is appended; NULL: a stream */
};

/* The HTTP head of a stream. cors: header lines, or NULL. */
void control_append_head(struct buf *out, struct wire wire, const char *cors);

/*
 * retry (but in lines) and `connected`, whose id is where the stream begins (NULL: not known): a
 * client that is cut off at once comes back to there. They are one block, and a ping has no blank
 * line after it: a blank line ends an event, and some clients call their user for each one.
 */
void control_append_hello(struct buf *out, struct wire wire, int retry_ms, const struct cursor *at);

void control_append_ping(struct buf *out, struct wire wire);

/* An event. at as in frame.h: NULL, it has no id and moves no cursor. */
void control_append_event(struct buf *out, struct wire wire, const struct cursor *at,
			  struct text name, struct text data);
void control_append_reset(struct buf *out, struct wire wire, struct cursor at, const char *reason);
void control_append_ready(struct buf *out, struct wire wire, const struct cursor *at,
			  uint64_t items);
void control_append_expiring(struct buf *out, struct wire wire, int64_t left_ms, const char *code);
/* and the end of gzip and chunks; of a page: its answer */
void control_append_closing(struct buf *out, struct wire wire, const char *reason);

#endif
