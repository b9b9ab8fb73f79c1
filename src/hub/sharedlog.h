/* SPDX-License-Identifier: PostgreSQL */
/*
 * sharedlog.h: the recent past, once for all subscribers: a ring of bytes of fixed size. A record
 * is what the router needs of one event: its frames and its routing keys. Offsets only grow and are
 * never reused; what the ring has no room for any more is forgotten from the oldest end, and floor
 * says up to where. What others keep of a record (entries of streams) counts with it, so that all
 * of that together stays within the size. Owns its memory, which the kernel provides as it is first
 * used, and gets back where the rest of the size is kept by others.
 */
#ifndef HUB_SHAREDLOG_H
#define HUB_SHAREDLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hub/cursor.h"

struct sharedlog {
	char *ring;
	size_t cap;
	uint64_t head;         /* where the next record goes */
	uint64_t tail;         /* the oldest record that is still there */
	uint64_t given_back;   /* up to here the kernel has the pages of what was forgotten */
	size_t kept_by_others; /* of the records that are there */
	struct cursor floor;   /* everything behind this is in the log */
};

#define SHAREDLOG_MIN ((size_t)1 << 20)

/* bytes; rounded up to 96 KiB; at least SHAREDLOG_MIN */
void sharedlog_init(struct sharedlog *l, size_t cap);
void sharedlog_release(struct sharedlog *l);

/* Forgets everything: the log starts behind this cursor. */
void sharedlog_restart(struct sharedlog *l, struct cursor floor);

/* The longest record that is taken: an eighth of the ring, so that one event never pushes out all
 * others; and less than 4 GB. */
size_t sharedlog_record_max(const struct sharedlog *l);

/* Copies a record in and returns the offset of its first byte. len is at most sharedlog_record_max.
 * others: bytes that are kept of it elsewhere, for as long as it is there. */
uint64_t sharedlog_append(struct sharedlog *l, struct cursor at, const char *bytes, size_t len,
			  size_t others);

/* The bytes at an offset of a record that is still there. */
static inline const char *sharedlog_at(const struct sharedlog *l, uint64_t offset)
{
	return l->ring + offset % l->cap;
}

/* Is the record whose first byte is at this offset still there? */
static inline bool sharedlog_holds(const struct sharedlog *l, uint64_t offset)
{
	return offset > l->tail;
}

#endif
