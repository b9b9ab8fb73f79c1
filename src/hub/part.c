/* SPDX-License-Identifier: PostgreSQL */
#include "hub/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "hub/reach.h"

/* A routing key that is to be a seat. */
struct sorted_key {
	uint64_t hash;
	struct text text;
};

static int compare_texts(struct text a, struct text b)
{
	if (a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return memcmp(a.bytes, b.bytes, a.len);
}

static int compare_keys(const void *a, const void *b)
{
	const struct sorted_key *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return compare_texts(x->text, y->text);
}

/* Sorts the keys, each once, and returns how many they are. The caller frees *ret_sorted. A
 * hash_key of NULL sorts by the texts alone. */
static uint32_t sort_keys(const struct hash_key *hash_key, const char *keys, uint32_t count,
			  struct sorted_key **ret_sorted)
{
	struct sorted_key *sorted = xcalloc((size_t)count + 1, sizeof(*sorted));
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		keys = stream_next_key(keys, &sorted[i].text);
		if (hash_key != NULL)
			sorted[i].hash =
				hash_bytes(*hash_key, sorted[i].text.bytes, sorted[i].text.len);
	}
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), compare_keys);
	for (uint32_t i = 0; i < count; i++)
		if (kept == 0 || compare_keys(&sorted[kept - 1], &sorted[i]) != 0)
			sorted[kept++] = sorted[i];
	*ret_sorted = sorted;
	return kept;
}

static void take_seat(struct part *part, struct seat *seat, const struct sorted_key *key)
{
	seat->part = part;
	seat->audience = stream_audience_make(part->stream, key->text.bytes, key->text.len);
	seat->hash = key->hash;
	list_append(&seat->audience->seats, &seat->link);
}

void part_join(struct part *part, struct subscriber *sub, struct stream *stream,
	       struct hash_key hash_key, const char *keys, uint32_t count)
{
	struct sorted_key *sorted;

	*part = (struct part){.stream = stream, .subscriber = sub};
	part->seat_count = sort_keys(&hash_key, keys, count, &sorted);
	part->seats = xcalloc(part->seat_count, sizeof(*part->seats));
	for (size_t i = 0; i < part->seat_count; i++)
		take_seat(part, &part->seats[i], &sorted[i]);
	free(sorted);
	list_append(&stream->subscribers, &part->link);
	stream->subscriber_count++;
}

void part_narrow(struct part *part, char *const *names, size_t count)
{
	part->names = xcalloc(count + 1, sizeof(*part->names));
	for (size_t i = 0; i < count; i++)
		part->names[i] = xstrdup(names[i]);
}

void part_leave(struct part *part)
{
	for (size_t i = 0; i < part->seat_count; i++) {
		list_remove(&part->seats[i].link);
		stream_audience_drop(part->stream, part->seats[i].audience);
	}
	for (char **name = part->names; name != NULL && *name != NULL; name++)
		free(*name);
	free(part->names);
	free(part->seats);
	list_remove(&part->link);
	part->stream->subscriber_count--;
}

size_t part_find_hash(const struct part *part, uint64_t hash)
{
	size_t low = 0, high = part->seat_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (part->seats[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* All seats of an audience have the same hash. So one of them says where a seat of this part would
 * be. */
static bool has_one_of(const struct part *part, const struct audience *a)
{
	const struct seat *any;

	if (a == NULL || list_empty(&a->seats))
		return false;
	any = container_of(a->seats.next, struct seat, link);
	for (size_t i = part_find_hash(part, any->hash);
	     i < part->seat_count && part->seats[i].hash == any->hash; i++)
		if (part->seats[i].audience == a)
			return true;
	return false;
}

static bool has_seat(const struct part *part, struct text key)
{
	if (part->seat_count > PART_FEW)
		return has_one_of(part, stream_audience(part->stream, key.bytes, key.len));
	for (size_t i = 0; i < part->seat_count; i++) {
		const struct audience *a = part->seats[i].audience;

		if (a->key_len == key.len && memcmp(a->key, key.bytes, key.len) == 0)
			return true;
	}
	return false;
}

bool part_has_keys(const struct part *part, const char *keys, uint32_t count)
{
	struct sorted_key *sorted;
	uint32_t kept = sort_keys(NULL, keys, count, &sorted);
	bool same = kept == part->seat_count;

	for (uint32_t i = 0; i < kept && same; i++)
		same = has_seat(part, sorted[i].text);
	free(sorted);
	return same;
}

/* Is the event of one of the names that this part was narrowed to? An entry without a name is of
 * one that is always carried. */
static bool has_name(const struct part *part, const struct sharedlog *log,
		     const struct stream_entry *entry)
{
	struct text name = {sharedlog_at(log, entry->record), entry->name_len};

	if (entry->name_len == 0)
		return true;
	for (char **wanted = part->names; *wanted != NULL; wanted++)
		if (text_is(name, *wanted))
			return true;
	return false;
}

/* Does the part have a seat for one of the entry's many keys? The numbers of the keys go from first
 * up to last, without last. */
static bool is_among(const struct part *part, const struct sharedlog *log,
		     const struct stream_entry *entry, uint32_t first, uint32_t last)
{
	for (size_t i = 0; i < part->seat_count; i++) {
		const struct audience *a = part->seats[i].audience;

		if (reach_finds(sharedlog_at(log, entry->record + entry->places),
				entry->key_count + entry->unless_count,
				sharedlog_at(log, entry->record + entry->keys), part->seats[i].hash,
				(struct text){a->key, a->key_len}, first, last))
			return true;
	}
	return false;
}

bool part_is_for(const struct part *part, const struct sharedlog *log,
		 const struct stream_entry *entry)
{
	const char *keys = sharedlog_at(log, entry->record + entry->keys);
	bool seated = entry->everyone;
	struct text key;

	if (entry->places != 0 && !seated)
		return is_among(part, log, entry, 0, entry->key_count) &&
		       (part->names == NULL || has_name(part, log, entry));
	for (uint32_t i = 0; i < entry->key_count && !seated; i++) {
		keys = stream_next_key(keys, &key);
		seated = has_seat(part, key);
	}
	return seated && (part->names == NULL || has_name(part, log, entry));
}

bool part_sees_still(const struct part *part, const struct sharedlog *log,
		     const struct stream_entry *entry)
{
	const char *keys;
	struct text key;

	if (entry->unless_count == 0 || entry->everyone)
		return false;
	if (entry->places != 0)
		return is_among(part, log, entry, entry->key_count,
				entry->key_count + entry->unless_count);
	keys = sharedlog_at(log, entry->record + entry->keys);
	for (uint32_t i = 0; i < entry->key_count + entry->unless_count; i++) {
		keys = stream_next_key(keys, &key);
		if (i >= entry->key_count && has_seat(part, key))
			return true;
	}
	return false;
}
