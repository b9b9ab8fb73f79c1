/* SPDX-License-Identifier: PostgreSQL */
/*
 * counts.h: how many there are of each name, in memory that processes share. One process writes,
 * all may read. Nobody waits for another one.
 *
 * Names are hashed by the caller. The memory is a chain of tables, each twice as large as the one
 * before. A table that is half full gives way to the next, so a few names take a few pages only.
 *
 * A reader that meets a write looks again (a sequence lock: Lameter 2005). If the writer stands
 * still there, the reader takes what it finds.
 */
#ifndef BASE_COUNTS_H
#define BASE_COUNTS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct counts_slot {
	_Atomic uint64_t name; /* the hash; 0 if the slot is free */
	_Atomic uint64_t count;
};

struct counts {
	_Atomic uint32_t sequence; /* odd while it is written */
	_Atomic uint32_t level;    /* the table in use, of COUNTS_FIRST << level slots */
	uint32_t used;             /* names; the writer's own */
	uint32_t levels;
	struct counts_slot slots[]; /* of all tables */
};

#define COUNTS_FIRST 1024

/* Bytes that are needed for so many names. */
size_t counts_bytes(size_t names);
/* `at` is zeroed, as mmap gives it, and as large as counts_bytes says. */
void counts_init(struct counts *at, size_t names);
/* Counts one more, or one less, of this name. More names than there is room for are not counted. */
void counts_up(struct counts *c, uint64_t name);
void counts_down(struct counts *c, uint64_t name);
uint64_t counts_get(const struct counts *c, uint64_t name);
/* Forgets all. No process may be writing. */
void counts_clear(struct counts *c);

#endif
