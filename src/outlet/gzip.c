/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/gzip.h"

#include <string.h>

#include "base/log.h"

/*
 * Level 6 takes as long for 2 KB and three times as long for 200 KB. Its output is a twentieth
 * shorter.
 */
#define LEVEL 3
#define RAW_WINDOW (-15) /* no header in a piece: a connection has only one */
#define MEMORY 8
#define STORED_MAX ((size_t)65535)
#define STORED_HEAD ((size_t)5)

void gzip_init(struct gzip *g)
{
	g->deflate = (z_stream){.zalloc = Z_NULL};
	if (deflateInit2(&g->deflate, LEVEL, Z_DEFLATED, RAW_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) !=
	    Z_OK)
		die(1, "no memory for gzip");
}

void gzip_release(struct gzip *g)
{
	deflateEnd(&g->deflate);
}

static size_t stored_len(size_t len)
{
	return len + (len + STORED_MAX - 1) / STORED_MAX * STORED_HEAD;
}

/*
 * RFC 1951 3.2.4. A block is a byte that says "stored, not the last", the length, its complement
 * and the bytes. An empty one ends the piece, as a flush does: Go's reader gives out nothing before
 * that, and so do the proxies that are written in Go.
 */
static void append_stored(struct buf *out, struct text plain)
{
	for (size_t at = 0, len; at < plain.len; at += len) {
		len = plain.len - at < STORED_MAX ? plain.len - at : STORED_MAX;
		buf_append(out,
			   (const unsigned char[]){0, len & 0xff, len >> 8, ~len & 0xff,
						   ~len >> 8 & 0xff},
			   STORED_HEAD);
		buf_append(out, plain.bytes + at, len);
	}
	if (plain.len > 0)
		buf_append(out, "\0\0\0\xff\xff", STORED_HEAD);
}

/*
 * Returns false if the text does not get shorter. Then `out` is as it was. A full flush forgets the
 * text. It ends with an empty stored block, at a byte's end.
 */
static bool append_deflated(struct gzip *g, struct buf *out, struct text plain)
{
	size_t room = stored_len(plain.len);
	z_stream *z = &g->deflate;

	buf_reserve(out, room);
	z->next_in = (unsigned char *)(uintptr_t)plain.bytes;
	z->avail_in = (uInt)plain.len;
	z->next_out = (unsigned char *)out->data + out->len;
	z->avail_out = (uInt)room;
	if (deflate(z, Z_FULL_FLUSH) != Z_OK || z->avail_in > 0 || z->avail_out == 0) {
		deflateReset(z);
		out->data[out->len] = '\0';
		return false;
	}
	out->len += room - z->avail_out;
	out->data[out->len] = '\0';
	return true;
}

void gzip_pack(void *gzip, struct text plain, struct buf *out, struct packsum *ret_sum)
{
	struct gzip *g = gzip;

	*ret_sum = (struct packsum){
		(uint32_t)crc32_z(0, (const unsigned char *)plain.bytes, plain.len),
		(uint32_t)plain.len, (uint32_t)crc32_combine_gen((z_off_t)plain.len)};
	if (plain.len <= g->above || plain.len > UINT32_MAX / 2 || !append_deflated(g, out, plain))
		append_stored(out, plain);
}

/* RFC 1952 2.3: deflate, no flags, no time, made by Unix. */
void gzip_append_header(struct buf *out)
{
	buf_append(out, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
}

void gzip_count(struct gzip_total *total, struct packsum sum)
{
	total->crc = (uint32_t)crc32_combine_op(total->crc, sum.crc, sum.op);
	total->len += sum.len; /* modulo 2^32 (RFC 1952 2.3.1) */
}

static void append_number(struct buf *out, uint32_t n)
{
	buf_append(out, (const unsigned char[]){n & 0xff, n >> 8 & 0xff, n >> 16 & 0xff, n >> 24},
		   4);
}

void gzip_append_end(struct buf *out, const struct gzip_total *total)
{
	buf_append(out, "\x03\0", 2); /* an empty block that is the last one */
	append_number(out, total->crc);
	append_number(out, total->len);
}
