/* SPDX-License-Identifier: PostgreSQL */
/*
 * strmap.h: string to pointer. Keys are copied, values are the caller's. Open addressing with
 * linear probing and backward-shift deletion (Knuth 6.4, algorithm R), so nothing is left behind by
 * churn.
 */
#ifndef BASE_STRMAP_H
#define BASE_STRMAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

struct strmap_slot {
	uint64_t hash;
	char *key; /* NULL: the slot is free */
	size_t key_len;
	void *value;
};

struct strmap {
	struct hash_key hash_key;
	struct strmap_slot *slots;
	size_t cap; /* power of two, or 0 */
	size_t count;
};

void strmap_init(struct strmap *m);
void strmap_release(struct strmap *m);                                 /* frees keys, not values */
void *strmap_get(const struct strmap *m, const char *key, size_t len); /* NULL: not there */
void strmap_put(struct strmap *m, const char *key, size_t len, void *value); /* replaces */
/* the value, or NULL */
void *strmap_remove(struct strmap *m, const char *key, size_t len);

/* Visits every value in no particular order; the map must not be changed meanwhile.
 * for (size_t i = 0; (value = strmap_next(m, &i)) != NULL;) */
void *strmap_next(const struct strmap *m, size_t *iter);

#endif
