/* SPDX-License-Identifier: PostgreSQL */
#include "hub/sharedlog.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"

/* Stands before each record. Records start at multiples of its size and never wrap. */
struct record {
	uint32_t size;    /* with this header and padding */
	uint32_t others;  /* bytes that are kept of it elsewhere */
	struct cursor at; /* with tick 0, filler up to the end of the ring */
};

#define ALIGN(n, to) (((n) + (to) - 1) / (to) * (to))
#define PAGE ((size_t)4096)

void sharedlog_init(struct sharedlog *l, size_t cap)
{
	*l = (struct sharedlog){.cap = ALIGN(cap < SHAREDLOG_MIN ? SHAREDLOG_MIN : cap,
					     PAGE * sizeof(struct record))};
	l->ring = mmap(NULL, l->cap, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (l->ring == MAP_FAILED)
		die(1, "no memory for a shared log of %zu bytes, choose a smaller log-size",
		    l->cap);
}

void sharedlog_release(struct sharedlog *l)
{
	munmap(l->ring, l->cap);
	l->ring = NULL;
}

void sharedlog_restart(struct sharedlog *l, struct cursor floor)
{
	l->tail = l->head;
	l->kept_by_others = 0;
	l->floor = floor;
}

size_t sharedlog_record_max(const struct sharedlog *l)
{
	return (l->cap / 8 < UINT32_MAX ? l->cap / 8 : UINT32_MAX) - sizeof(struct record);
}

static struct record *record_at(const struct sharedlog *l, uint64_t offset)
{
	return (struct record *)(void *)(l->ring + offset % l->cap);
}

#define AT_ONCE 64 /* parts of the ring; one is given back at a time */

/* If the ring is nearly all of the size, what is forgotten is written over soon. Otherwise the
 * pages from head round to tail would stay in memory for nothing. */
static void give_back(struct sharedlog *l)
{
	size_t part = l->cap / AT_ONCE / PAGE * PAGE;

	if (l->given_back + l->cap < l->head) /* the head has been there again */
		l->given_back = l->tail;
	while (l->tail - l->given_back > 2 * part && l->cap - (l->head - l->tail) > 3 * part) {
		size_t from = ALIGN(l->given_back % l->cap, PAGE),
		       len = l->cap - from < part ? l->cap - from : part;

		if (len > 0)
			(void)madvise(l->ring + from, len, MADV_DONTNEED);
		l->given_back += part;
	}
}

/* Forgets old records until size bytes from head on are free, and what others keep has its room. */
static void make_room(struct sharedlog *l, size_t size)
{
	while (l->head + size - l->tail + l->kept_by_others > l->cap && l->tail < l->head) {
		const struct record *oldest = record_at(l, l->tail);

		if (oldest->at.tick != 0)
			l->floor = oldest->at;
		l->kept_by_others -= oldest->others;
		l->tail += oldest->size;
	}
	give_back(l);
}

static void put_header(struct sharedlog *l, size_t size, size_t others, struct cursor at)
{
	l->kept_by_others += others;
	make_room(l, size);
	*record_at(l, l->head) = (struct record){(uint32_t)size, (uint32_t)others, at};
	l->head += size;
}

uint64_t sharedlog_append(struct sharedlog *l, struct cursor at, const char *bytes, size_t len,
			  size_t others)
{
	size_t size = ALIGN(sizeof(struct record) + len, sizeof(struct record));
	size_t rest = l->cap - l->head % l->cap;
	uint64_t offset;

	assert(len <= sharedlog_record_max(l) && at.tick != 0);
	if (rest < size)
		put_header(l, rest, 0, (struct cursor){0, 0});
	put_header(l, size, others < l->cap / 2 ? others : l->cap / 2, at);
	offset = l->head - size + sizeof(struct record);
	memcpy(l->ring + offset % l->cap, bytes, len);
	return offset;
}
