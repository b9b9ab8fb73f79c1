/* SPDX-License-Identifier: PostgreSQL */
/*
 * strmap.h: maps strings to pointers.
 *
 * The map copies its keys. Values are the caller's. It uses open addressing with linear probing and
 * backward-shift deletion (Knuth 6.4, algorithm R). So a removal leaves no mark in the table.
 */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

struct strmap_slot {
	uint64_t hash;
	char *key; /* NULL if the slot is free */
	size_t key_len;
	void *value;
};

struct strmap {
	struct hash_key hash_key;
	struct strmap_slot *slots;
	size_t cap; /* a power of two, or 0 */
	size_t count;
};

void strmap_init(struct strmap *m);
void strmap_release(struct strmap *m);                                 /* frees keys, not values */
void *strmap_get(const struct strmap *m, const char *key, size_t len); /* NULL if it is not there */
/* Replaces the value of a key that is there. value is not NULL. */
void strmap_put(struct strmap *m, const char *key, size_t len, void *value);
/* Removes the key and returns its value. Returns NULL if it is not there. */
void *strmap_remove(struct strmap *m, const char *key, size_t len);

/* Returns the next value, from *iter on, which begins with 0. NULL if there are no more. */
void *strmap_next(const struct strmap *m, size_t *iter);

/*
 * Visits every value, as a `type *value`, in no particular order. The map must not change
 * meanwhile.
 */
#define strmap_each(type, value, map)                                                 \
	for (size_t value##_at = 0, value##_once = 1; value##_once; value##_once = 0) \
		for (type * value; (value = strmap_next(map, &value##_at)) != NULL;)

#endif
