/* SPDX-License-Identifier: PostgreSQL */
#include "base/crew.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/counts.h"
#include "base/hash.h"
#include "base/xalloc.h"

#define LOOKS_MOST 100 /* afterwards the text is one that is being written, and left out */

/* The worker writes the page that is not shown, and then shows it. */
struct text_page {
	_Atomic uint64_t number; /* counts up with each text; 0 if there is none */
	_Atomic uint32_t len;
	char bytes[CREW_TEXT_MAX];
};

/* What one worker writes. Its counts of names follow the struct. */
struct member {
	_Atomic int64_t heard_ms;
	_Atomic uint64_t open, waiting, reloads;
	_Atomic bool unready, serves;
	struct text_page pages[2];
};

/* Each process has its own. The members are shared. */
struct crew {
	size_t workers, number, stride, bytes;
	struct hash_key key;
	char *members;
};

static struct member *member_at(const struct crew *c, size_t number)
{
	return (struct member *)(void *)(c->members + number * c->stride);
}

static struct counts *counts_at(const struct crew *c, size_t number)
{
	return (struct counts *)(member_at(c, number) + 1);
}

struct crew *crew_new(size_t workers, size_t names)
{
	struct crew *c = xcalloc(1, sizeof(*c));

	*c = (struct crew){.workers = workers, .key = hash_key_random()};
	c->stride = (sizeof(struct member) + counts_bytes(names) + 63) / 64 * 64;
	c->bytes = workers * c->stride;
	c->members = mmap(NULL, c->bytes, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->members == MAP_FAILED) {
		free(c);
		return NULL;
	}
	for (size_t i = 0; i < workers; i++)
		counts_init(counts_at(c, i), names);
	return c;
}

void crew_free(struct crew *c)
{
	if (c != NULL)
		munmap(c->members, c->bytes);
	free(c);
}

/* --- a worker --- */

void crew_join(struct crew *c, size_t number)
{
	c->number = number;
}

size_t crew_number(const struct crew *c)
{
	return c == NULL ? 0 : c->number;
}

size_t crew_size(const struct crew *c)
{
	return c == NULL ? 1 : c->workers;
}

static uint64_t hash_of(const struct crew *c, enum crew_kind kind, const char *name)
{
	struct hash_key key = {c->key.k0 + kind, c->key.k1};
	uint64_t hash = hash_bytes(key, name, strlen(name));

	return hash == 0 ? 1 : hash;
}

void crew_count_up(struct crew *c, enum crew_kind kind, const char *name)
{
	if (c != NULL && name != NULL)
		counts_up(counts_at(c, c->number), hash_of(c, kind, name));
}

void crew_count_down(struct crew *c, enum crew_kind kind, const char *name)
{
	if (c != NULL && name != NULL)
		counts_down(counts_at(c, c->number), hash_of(c, kind, name));
}

void crew_say_open(struct crew *c, size_t open, size_t waiting)
{
	if (c == NULL)
		return;
	member_at(c, c->number)->open = open;
	member_at(c, c->number)->waiting = waiting;
}

static void say_text(struct member *m, struct text text)
{
	uint64_t last =
		m->pages[0].number > m->pages[1].number ? m->pages[0].number : m->pages[1].number;
	struct text_page *page = &m->pages[(last + 1) % 2];

	if (text.len > CREW_TEXT_MAX)
		return;
	page->number = 0;
	page->len = (uint32_t)text.len;
	memcpy(page->bytes, text.bytes, text.len);
	page->number = last + 1;
}

void crew_say(struct crew *c, int64_t now_ms, bool unready, struct text text)
{
	struct member *m;

	if (c == NULL)
		return;
	m = member_at(c, c->number);
	say_text(m, text);
	m->unready = unready;
	m->heard_ms = now_ms;
}

void crew_say_serving(struct crew *c)
{
	if (c != NULL)
		member_at(c, c->number)->serves = true;
}

void crew_say_reloaded(struct crew *c)
{
	if (c != NULL)
		member_at(c, c->number)->reloads++;
}

/* --- what the others say --- */

size_t crew_count_of_others(const struct crew *c, enum crew_kind kind, const char *name)
{
	size_t count = 0;
	uint64_t hash;

	if (c == NULL || name == NULL)
		return 0;
	hash = hash_of(c, kind, name);
	for (size_t i = 0; i < c->workers; i++)
		if (i != c->number)
			count += counts_get(counts_at(c, i), hash);
	return count;
}

size_t crew_open_at_others(const struct crew *c, bool waiting)
{
	size_t open = 0;

	for (size_t i = 0; c != NULL && i < c->workers; i++)
		if (i != c->number)
			open += member_at(c, i)->open + (waiting ? member_at(c, i)->waiting : 0);
	return open;
}

/* Copies the newest text. False if the worker has written over it meanwhile. */
static bool copy_text(const struct member *m, struct buf *out)
{
	uint64_t first = m->pages[0].number, second = m->pages[1].number;
	const struct text_page *page = &m->pages[first < second];
	uint64_t number = first < second ? second : first;

	buf_clear(out);
	buf_append(out, page->bytes, page->len);
	atomic_thread_fence(memory_order_acquire);
	return page->number == number;
}

void crew_each_text(const struct crew *c, void (*take)(void *ctx, struct text text), void *ctx)
{
	struct buf copy;

	if (c == NULL)
		return;
	buf_init(&copy);
	for (size_t i = 0; i < c->workers; i++) {
		int looks = 0;

		if (i == c->number)
			continue;
		while (looks < LOOKS_MOST && !copy_text(member_at(c, i), &copy))
			looks++;
		if (looks < LOOKS_MOST)
			take(ctx, (struct text){copy.data, copy.len});
	}
	buf_release(&copy);
}

int crew_unready(const struct crew *c, int64_t now_ms, bool *ret_silent)
{
	for (size_t i = 0; c != NULL && i < c->workers; i++) {
		const struct member *m = member_at(c, i);

		if (i == c->number)
			continue;
		*ret_silent = m->heard_ms == 0 || now_ms - m->heard_ms > CREW_SILENT_MS;
		if (*ret_silent || m->unready)
			return (int)i;
	}
	return -1;
}

/* --- the parent --- */

void crew_clear(struct crew *c, size_t number)
{
	struct member *m = member_at(c, number);

	for (size_t i = 0; i < ARRAY_SIZE(m->pages); i++) {
		m->pages[i].number = 0;
		m->pages[i].len = 0;
	}
	m->heard_ms = 0;
	m->open = m->waiting = m->reloads = 0;
	m->unready = m->serves = false;
	counts_clear(counts_at(c, number));
}

bool crew_serves(const struct crew *c, size_t number)
{
	return member_at(c, number)->serves;
}

uint64_t crew_reloads(const struct crew *c, size_t number)
{
	return member_at(c, number)->reloads;
}

int64_t crew_heard_ms(const struct crew *c, size_t number)
{
	return member_at(c, number)->heard_ms;
}
