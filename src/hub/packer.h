/* SPDX-License-Identifier: PostgreSQL */
/*
 * packer.h: makes the frames of gzip streams.
 *
 * A piece is packed once for all its subscribers. It refers to nothing before it and ends at a
 * byte's end. So any stream can go on with it. The hub does not know how a piece is packed. The
 * outlet's side installs that.
 */
#ifndef HUB_PACKER_H
#define HUB_PACKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

/*
 * What a piece adds to the end of a gzip stream. That end tells CRC and length of all plain text
 * (RFC 1952, section 2.3.1). With op a stream joins this crc to its own, without seeing the text.
 */
struct packsum {
	uint32_t crc, len, op;
};

struct packer {
	/* Appends the packed text to out. It always can. */
	void (*pack)(void *ctx, struct text plain, struct buf *out, struct packsum *ret_sum);
	void *ctx;
	struct buf plain, packed; /* of the piece in the making */
	struct packsum sum;       /* of the piece that was packed last */
};

void packer_init(struct packer *p); /* cannot be used until pack and ctx are set */
void packer_release(struct packer *p);
void packer_trim(struct packer *p, size_t most); /* as buf_trim; what was packed is gone */

/* Packs what is in p->plain. The piece is in p->packed and its sum in p->sum, until the next
 * call. */
void packer_pack(struct packer *p);

/* In the shared log, the sum of a piece stands before its chunk. packer_append appends both, and
 * returns where the chunk begins. packer_sum reads the sum again, given the chunk's place. */
size_t packer_append(struct packer *p, struct buf *out);
struct packsum packer_sum(const void *chunk);

#endif
