/* SPDX-License-Identifier: PostgreSQL */
/*
 * gzip.h: connections with Content-Encoding: gzip (RFC 1952).
 *
 * A connection is a header, pieces and an end. Each piece was packed once for all connections
 * (hub/packer.h). The end has CRC and length of all that was said. These two are kept for each
 * connection.
 *
 * A piece is deflated by itself (RFC 1951), to a full flush, if two things hold:
 *
 *   - its text is longer than `above`;
 *   - deflating makes it shorter.
 *
 * Otherwise it is stored, with 5 more bytes for every 65,535 bytes of text, and 5 at its end. Each
 * piece ends with an empty stored block. Nothing of one event is in the piece of another. So the
 * length of a piece tells nothing of other events.
 */
#ifndef OUTLET_GZIP_H
#define OUTLET_GZIP_H

#include <zlib.h>

#include "base/buf.h"
#include "hub/packer.h"

struct gzip {
	z_stream deflate;
	/*
	 * Bytes. With SIZE_MAX nothing is deflated. The owner sets it, and may do so at any time.
	 */
	size_t above;
};

void gzip_init(struct gzip *g); /* sets all but `above`; ends the program without memory */
void gzip_release(struct gzip *g);

/* Is `pack` of struct packer. `gzip` is a struct gzip. */
void gzip_pack(void *gzip, struct text plain, struct buf *out, struct packsum *ret_sum);

/* What one connection has said. All is zero at its beginning. */
struct gzip_total {
	uint32_t crc, len;
};

void gzip_append_header(struct buf *out);
/* Counts one more piece. Pieces are counted in the order in which they go out. */
void gzip_count(struct gzip_total *total, struct packsum sum);
void gzip_append_end(struct buf *out, const struct gzip_total *total);

#endif
