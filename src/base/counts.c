/* SPDX-License-Identifier: PostgreSQL */
#include "base/counts.h"

#include <sched.h>
#include <stdbool.h>

#define LOOKS_MOST 1000 /* afterwards the writer is taken for one that stands still */

/* --- tables --- */

struct table {
	struct counts_slot *slots;
	size_t mask;
};

static struct table table_at(const struct counts *c, uint32_t level)
{
	size_t size = (size_t)COUNTS_FIRST << level;

	/* The tables before it have one COUNTS_FIRST less than it has itself. */
	return (struct table){(struct counts_slot *)(uintptr_t)c->slots + size - COUNTS_FIRST,
			      size - 1};
}

static uint64_t name_in(const struct table *t, size_t i)
{
	return atomic_load_explicit(&t->slots[i].name, memory_order_relaxed);
}

static uint64_t count_in(const struct table *t, size_t i)
{
	return atomic_load_explicit(&t->slots[i].count, memory_order_relaxed);
}

static void put_in(struct table *t, size_t i, uint64_t name, uint64_t count)
{
	atomic_store_explicit(&t->slots[i].name, name, memory_order_relaxed);
	atomic_store_explicit(&t->slots[i].count, count, memory_order_relaxed);
}

/* The slot that has the name, or is free for it. A table is never full. */
static size_t find(const struct table *t, uint64_t name)
{
	size_t i = name & t->mask;

	while (name_in(t, i) != 0 && name_in(t, i) != name)
		i = (i + 1) & t->mask;
	return i;
}

/* --- writing --- */

static void begin_write(struct counts *c)
{
	uint32_t now = atomic_load_explicit(&c->sequence, memory_order_relaxed);

	atomic_store_explicit(&c->sequence, now + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

static void end_write(struct counts *c)
{
	uint32_t now = atomic_load_explicit(&c->sequence, memory_order_relaxed);

	atomic_store_explicit(&c->sequence, now + 1, memory_order_release);
}

/* Moves all names to the next table. False if there is none. */
static bool grow(struct counts *c)
{
	uint32_t level = atomic_load_explicit(&c->level, memory_order_relaxed);
	struct table from = table_at(c, level), to;

	if (level + 1 >= c->levels)
		return false;
	to = table_at(c, level + 1);
	for (size_t i = 0; i <= from.mask; i++)
		if (name_in(&from, i) != 0)
			put_in(&to, find(&to, name_in(&from, i)), name_in(&from, i),
			       count_in(&from, i));
	atomic_store_explicit(&c->level, level + 1, memory_order_relaxed);
	return true;
}

static void add_name(struct counts *c, uint64_t name)
{
	struct table t = table_at(c, atomic_load_explicit(&c->level, memory_order_relaxed));

	if ((c->used + 1) * 2 > t.mask + 1) {
		if (!grow(c))
			return;
		t = table_at(c, atomic_load_explicit(&c->level, memory_order_relaxed));
	}
	put_in(&t, find(&t, name), name, 1);
	c->used++;
}

/*
 * Closes the gap that a name leaves, so that what was put past it is found (Knuth, TAOCP 3, 6.4,
 * algorithm R).
 */
static void take_out(struct counts *c, struct table *t, size_t gap)
{
	for (size_t i = (gap + 1) & t->mask; name_in(t, i) != 0; i = (i + 1) & t->mask) {
		size_t home = name_in(t, i) & t->mask;

		if (((i - home) & t->mask) < ((i - gap) & t->mask))
			continue;
		put_in(t, gap, name_in(t, i), count_in(t, i));
		gap = i;
	}
	put_in(t, gap, 0, 0);
	c->used--;
}

void counts_up(struct counts *c, uint64_t name)
{
	struct table t = table_at(c, atomic_load_explicit(&c->level, memory_order_relaxed));
	size_t i = find(&t, name);

	begin_write(c);
	if (name_in(&t, i) == name)
		put_in(&t, i, name, count_in(&t, i) + 1);
	else
		add_name(c, name);
	end_write(c);
}

void counts_down(struct counts *c, uint64_t name)
{
	struct table t = table_at(c, atomic_load_explicit(&c->level, memory_order_relaxed));
	size_t i = find(&t, name);

	if (name_in(&t, i) != name)
		return;
	begin_write(c);
	if (count_in(&t, i) > 1)
		put_in(&t, i, name, count_in(&t, i) - 1);
	else
		take_out(c, &t, i);
	end_write(c);
}

/* --- reading --- */

static uint64_t look(const struct counts *c, uint64_t name)
{
	struct table t = table_at(c, atomic_load_explicit(&c->level, memory_order_relaxed));
	size_t i = name & t.mask;

	/* A table that is being written may look full. */
	for (size_t left = t.mask + 1; left > 0 && name_in(&t, i) != 0; left--) {
		if (name_in(&t, i) == name)
			return count_in(&t, i);
		i = (i + 1) & t.mask;
	}
	return 0;
}

uint64_t counts_get(const struct counts *c, uint64_t name)
{
	uint64_t count = 0;

	for (int looks = 0; looks < LOOKS_MOST; looks++) {
		uint32_t before = atomic_load_explicit(&c->sequence, memory_order_acquire);

		count = look(c, name);
		atomic_thread_fence(memory_order_acquire);
		if (before % 2 == 0 &&
		    atomic_load_explicit(&c->sequence, memory_order_relaxed) == before)
			break;
		(void)sched_yield(); /* the writer may wait for this processor */
	}
	return count;
}

/* --- life --- */

static uint32_t levels_for(size_t names)
{
	uint32_t levels = 1;

	while (((size_t)COUNTS_FIRST << (levels - 1)) < names * 2)
		levels++;
	return levels;
}

size_t counts_bytes(size_t names)
{
	size_t slots = ((size_t)COUNTS_FIRST << levels_for(names)) - COUNTS_FIRST;

	return sizeof(struct counts) + slots * sizeof(struct counts_slot);
}

void counts_init(struct counts *at, size_t names)
{
	at->levels = levels_for(names);
}

void counts_clear(struct counts *c)
{
	uint32_t last = atomic_load_explicit(&c->level, memory_order_relaxed);

	/* Its writer may have ended while it grew. */
	for (uint32_t level = 0; level <= last + 1 && level < c->levels; level++) {
		struct table t = table_at(c, level);

		for (size_t i = 0; i <= t.mask; i++)
			if (name_in(&t, i) != 0)
				put_in(&t, i, 0, 0);
	}
	c->used = 0;
	atomic_store_explicit(&c->level, 0, memory_order_relaxed);
	atomic_store_explicit(&c->sequence, 0, memory_order_release);
}
