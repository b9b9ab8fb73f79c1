/* SPDX-License-Identifier: PostgreSQL */
#include "hub/part.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "hub/reach.h"

static void take_seat(struct part *part, struct seat *seat, struct hash_key hash_key,
		      struct text key)
{
	seat->part = part;
	seat->audience = stream_audience_make(part->stream, key.bytes, key.len);
	seat->hash = hash_bytes(hash_key, key.bytes, key.len);
	list_append(&seat->audience->seats, &seat->link);
}

void part_join(struct part *part, struct subscriber *sub, struct stream *stream,
	       struct hash_key hash_key, const char *keys, uint32_t count)
{
	struct text key;

	*part = (struct part){.stream = stream, .subscriber = sub, .seat_count = count};
	part->seats = xcalloc(count, sizeof(*part->seats));
	for (uint32_t i = 0; i < count; i++) {
		keys = stream_next_key(keys, &key);
		take_seat(part, &part->seats[i], hash_key, key);
	}
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

static bool has_seat(const struct part *part, struct text key)
{
	for (size_t i = 0; i < part->seat_count; i++) {
		const struct audience *a = part->seats[i].audience;

		if (a->key_len == key.len && memcmp(a->key, key.bytes, key.len) == 0)
			return true;
	}
	return false;
}

static bool has_key(const char *keys, uint32_t count, const struct audience *a)
{
	struct text key;

	for (uint32_t i = 0; i < count; i++) {
		keys = stream_next_key(keys, &key);
		if (a->key_len == key.len && memcmp(a->key, key.bytes, key.len) == 0)
			return true;
	}
	return false;
}

bool part_has_keys(const struct part *part, const char *keys, uint32_t count)
{
	const char *next = keys;
	struct text key;

	for (uint32_t i = 0; i < count; i++) {
		next = stream_next_key(next, &key);
		if (!has_seat(part, key))
			return false;
	}
	for (size_t i = 0; i < part->seat_count; i++)
		if (!has_key(keys, count, part->seats[i].audience))
			return false;
	return true;
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
