/* SPDX-License-Identifier: PostgreSQL */
/*
 * gzip.h: streams with Content-Encoding: gzip (RFC 1952), put together of pieces that were packed
 * for all of them (hub/packer.h). A piece is deflated by itself (RFC 1951), to a full flush, where
 * its text is longer than `above` and gets shorter by that; else it is a stored block, 5 bytes
 * longer than the text. Nothing of one event is in another one's piece, so the length of a piece
 * tells nothing of them. A stream is the header, its pieces, and an end that has CRC and length of
 * all that was said: these are kept a stream.
 */
#ifndef OUTLET_GZIP_H
#define OUTLET_GZIP_H

#include <zlib.h>

#include "base/buf.h"
#include "hub/packer.h"

struct gzip {
	z_stream deflate;
	size_t above; /* bytes; SIZE_MAX: nothing is deflated. Its owner's to set, at any time */
};

void gzip_init(struct gzip *g); /* but for above */
void gzip_release(struct gzip *g);

/* for struct packer */
void gzip_pack(void *gzip, struct text plain, struct buf *out, struct packsum *ret_sum);

/* What one stream has said. All zero at its beginning. */
struct gzip_total {
	uint32_t crc, len;
};

void gzip_append_header(struct buf *out);
/* one more piece, in the order in which they go out */
void gzip_count(struct gzip_total *total, struct packsum sum);
void gzip_append_end(struct buf *out, const struct gzip_total *total);

#endif
