/* SPDX-License-Identifier: PostgreSQL */
#include "base/strmap.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define CAP_MIN 16

static size_t next_place(const struct strmap *m, size_t at)
{
	return (at + 1) & (m->cap - 1);
}

static bool is_key(const struct strmap_slot *slot, uint64_t hash, const char *key, size_t len)
{
	return slot->hash == hash && slot->key_len == len &&
	       (len == 0 || memcmp(slot->key, key, len) == 0);
}

/* Returns the slot of the key, or the free slot that it would take. crowded() leaves one free. */
static struct strmap_slot *find(const struct strmap *m, uint64_t hash, const char *key, size_t len)
{
	size_t at = hash & (m->cap - 1);

	while (m->slots[at].key != NULL && !is_key(&m->slots[at], hash, key, len))
		at = next_place(m, at);
	return &m->slots[at];
}

/* Linear probing stays short while at most three quarters of the slots are taken. */
static bool crowded(const struct strmap *m)
{
	return m->count + 1 > m->cap / 4 * 3;
}

static void grow(struct strmap *m)
{
	struct strmap_slot *old = m->slots;
	size_t old_cap = m->cap;

	m->cap = old_cap > 0 ? old_cap * 2 : CAP_MIN;
	m->slots = xcalloc(m->cap, sizeof(*m->slots));
	for (size_t at = 0; at < old_cap; at++) {
		if (old[at].key != NULL)
			*find(m, old[at].hash, old[at].key, old[at].key_len) = old[at];
	}
	free(old);
}

/* xstrndup would not do, because a key may hold NULs. */
static char *copy_key(const char *key, size_t len)
{
	char *copy = xmalloc(len + 1);

	if (len > 0)
		memcpy(copy, key, len);
	copy[len] = '\0';
	return copy;
}

/* Closes the gap at hole. Each later slot of the run moves down, unless that would put it before
 * its home place. Places are counted round the end of the table. */
static void close_gap(struct strmap *m, size_t hole)
{
	size_t mask = m->cap - 1;

	for (size_t at = next_place(m, hole); m->slots[at].key != NULL; at = next_place(m, at)) {
		size_t from_home = (at - m->slots[at].hash) & mask;
		size_t from_hole = (at - hole) & mask;

		if (from_home < from_hole)
			continue;
		m->slots[hole] = m->slots[at];
		hole = at;
	}
	m->slots[hole] = (struct strmap_slot){0};
}

void strmap_init(struct strmap *m)
{
	*m = (struct strmap){.hash_key = hash_key_random()};
}

void strmap_release(struct strmap *m)
{
	for (size_t at = 0; at < m->cap; at++)
		free(m->slots[at].key);
	free(m->slots);
	*m = (struct strmap){.hash_key = m->hash_key};
}

void *strmap_get(const struct strmap *m, const char *key, size_t len)
{
	if (m->count == 0)
		return NULL;
	return find(m, hash_bytes(m->hash_key, key, len), key, len)->value;
}

void strmap_put(struct strmap *m, const char *key, size_t len, void *value)
{
	uint64_t hash = hash_bytes(m->hash_key, key, len);
	struct strmap_slot *slot;

	assert(value != NULL); /* strmap_get could not tell it from a missing key */
	if (crowded(m))
		grow(m);
	slot = find(m, hash, key, len);
	if (slot->key == NULL) {
		*slot = (struct strmap_slot){.hash = hash, .key_len = len};
		slot->key = copy_key(key, len);
		m->count++;
	}
	slot->value = value;
}

void *strmap_remove(struct strmap *m, const char *key, size_t len)
{
	struct strmap_slot *slot;
	void *value;

	if (m->count == 0)
		return NULL;
	slot = find(m, hash_bytes(m->hash_key, key, len), key, len);
	if (slot->key == NULL)
		return NULL;
	value = slot->value;
	free(slot->key);
	close_gap(m, (size_t)(slot - m->slots));
	m->count--;
	return value;
}

void *strmap_next(const struct strmap *m, size_t *iter)
{
	while (*iter < m->cap) {
		const struct strmap_slot *slot = &m->slots[(*iter)++];

		if (slot->key != NULL)
			return slot->value;
	}
	return NULL;
}
