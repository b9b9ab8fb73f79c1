/* SPDX-License-Identifier: PostgreSQL */
#include "hub/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void reach_init(struct reach *r)
{
	strmap_init(&r->values);
}

void reach_forget(struct reach *r)
{
	if (r->values.count > 0)
		strmap_release(&r->values);
}

static void take_values(struct reach *r, struct keys audience)
{
	if (r->values.count > 0)
		return;
	for (size_t i = 0; i < audience.count; i++)
		strmap_put(&r->values, audience.items[i].bytes, audience.items[i].len,
			   r); /* any value will do */
}

/* A routing key is the values of the match's keys, joined by NULs. Does the event name each
 * value? */
static bool names_all(const struct reach *r, const struct audience *a)
{
	const char *value = a->key, *end = a->key + a->key_len;

	for (;;) {
		const char *stop = memchr(value, '\0', (size_t)(end - value));
		size_t len = (size_t)((stop == NULL ? end : stop) - value);

		if (strmap_get(&r->values, value, len) == NULL)
			return false;
		if (stop == NULL)
			return true;
		value = stop + 1;
	}
}

uint32_t reach_append_keys(struct reach *r, const struct stream *s, struct keys audience,
			   struct buf *out)
{
	uint32_t made = 0;

	take_values(r, audience);
	strmap_each (const struct audience, a, &s->index) {
		uint32_t len = (uint32_t)a->key_len;

		if (!names_all(r, a))
			continue;
		buf_append(out, &len, sizeof(len));
		buf_append(out, a->key, a->key_len);
		made++;
	}
	return made;
}

static int compare_places(const void *a, const void *b)
{
	const struct reach_place *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

void reach_append_places(struct hash_key hash_key, uint64_t keys, uint32_t count, struct buf *out)
{
	struct reach_place *places = xcalloc(count, sizeof(*places));
	const char *first = out->data + keys, *next = first;
	struct text key;

	for (uint32_t i = 0; i < count; i++) {
		places[i].number = i;
		places[i].at = (uint32_t)(next - first);
		next = stream_next_key(next, &key);
		places[i].hash = hash_bytes(hash_key, key.bytes, key.len);
	}
	qsort(places, count, sizeof(*places), compare_places);
	buf_append(out, places, count * sizeof(*places));
	free(places);
}

static struct reach_place place_at(const char *places, uint32_t i)
{
	struct reach_place place;

	/* A record's parts begin anywhere. */
	memcpy(&place, places + i * sizeof(place), sizeof(place));
	return place;
}

/* Returns the first place whose hash is not less. */
static uint32_t find_hash(const char *places, uint32_t count, uint64_t hash)
{
	uint32_t low = 0, high = count;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (place_at(places, mid).hash < hash)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool reach_finds(const char *places, uint32_t count, const char *keys, uint64_t hash,
		 struct text key, uint32_t first, uint32_t last)
{
	for (uint32_t i = find_hash(places, count, hash); i < count; i++) {
		struct reach_place place = place_at(places, i);
		struct text found;

		if (place.hash != hash)
			return false;
		stream_next_key(keys + place.at, &found);
		if (place.number >= first && place.number < last && found.len == key.len &&
		    memcmp(found.bytes, key.bytes, key.len) == 0)
			return true;
	}
	return false;
}
