/* SPDX-License-Identifier: PostgreSQL */
/*
 * sharedlog.h: the recent past, once for all subscribers. It is a ring of bytes of fixed size.
 *
 * A record is what the router needs of one event, which is its name, routing keys and frames.
 * Offsets only grow and are never reused. What the ring has no more room for is forgotten from the
 * oldest end. floor says up to where. Others keep something of a record too, such as entries of
 * streams. That counts with the record, so all of it together stays within the size.
 *
 * The log owns its memory. The kernel provides that as it is first used. While others keep the rest
 * of the size, the kernel gets forgotten pages back.
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
	uint64_t given_back;   /* what was forgotten before this has gone back to the kernel */
	size_t kept_by_others; /* bytes, of the records that are there */
	struct cursor floor;   /* everything after this is in the log */
};

#define SHAREDLOG_MIN ((size_t)1 << 20)

/* cap is in bytes. It is raised to SHAREDLOG_MIN, and rounded up to a multiple of 96 KiB. The
 * program ends if there is no memory for it. */
void sharedlog_init(struct sharedlog *l, size_t cap);
void sharedlog_release(struct sharedlog *l);

/* Forgets everything. The log then starts after this cursor. */
void sharedlog_restart(struct sharedlog *l, struct cursor floor);

/* Returns the length of the longest record that is taken. It is an eighth of the ring, so that one
 * event never pushes out all others. It is less than 4 GB. */
size_t sharedlog_record_max(const struct sharedlog *l);

/* Copies a record in and returns the offset of its first byte. len is at most sharedlog_record_max.
 * others is how many bytes are kept of it elsewhere, for as long as it is there. */
uint64_t sharedlog_append(struct sharedlog *l, struct cursor at, const char *bytes, size_t len,
			  size_t others);

/* Returns the bytes at an offset of a record that is still there. */
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
