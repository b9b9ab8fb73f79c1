/* SPDX-License-Identifier: PostgreSQL */
#include "hub/subscriber.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define LOOK_MAX 65536           /* entries looked at in one gather: well under a millisecond */
#define GATHER_BYTES (256 << 10) /* more in one writev only makes one subscriber hold up the others */

void subscriber_join(struct subscriber *sub, struct stream *stream, struct hash_key hash_key, const char *keys,
		     uint32_t count)
{
	struct text key;

	*sub = (struct subscriber){.stream = stream, .seat_count = count, .bare = sub->bare, .form = sub->form};
	sub->seats = xcalloc(count, sizeof(*sub->seats));
	for (uint32_t i = 0; i < count; i++) {
		struct seat *seat = &sub->seats[i];

		keys = stream_next_key(keys, &key);
		seat->subscriber = sub;
		seat->audience = stream_audience_make(stream, key.bytes, key.len);
		seat->hash = hash_bytes(hash_key, key.bytes, key.len);
		list_append(&seat->audience->seats, &seat->link);
	}
	list_append(&stream->subscribers, &sub->link);
	list_node_init(&sub->touched);
	stream->subscriber_count++;
}

void subscriber_leave(struct subscriber *sub)
{
	if (sub->stream == NULL)
		return;
	for (size_t i = 0; i < sub->seat_count; i++) {
		list_remove(&sub->seats[i].link);
		stream_audience_drop(sub->stream, sub->seats[i].audience);
	}
	free(sub->seats);
	list_remove(&sub->link);
	list_remove(&sub->touched);
	sub->stream->subscriber_count--;
	sub->stream = NULL;
	sub->seats = NULL;
	sub->live = sub->pending = false;
}

bool subscriber_go_live(struct subscriber *sub, struct cursor after)
{
	sub->after = after;
	sub->live = true;
	sub->position = stream_find(sub->stream, after);
	sub->skip = 0;
	sub->pending = sub->position < sub->stream->next;
	return sub->pending;
}

void subscriber_wait(struct subscriber *sub)
{
	sub->live = sub->pending = false;
	sub->skip = 0;
}

static bool has_seat(const struct subscriber *sub, struct text key)
{
	for (size_t i = 0; i < sub->seat_count; i++) {
		const struct audience *a = sub->seats[i].audience;

		if (a->key_len == key.len && memcmp(a->key, key.bytes, key.len) == 0)
			return true;
	}
	return false;
}

/* Most entries are of one key: their hash tells most of those that are for others at a glance. */
static bool has_hash(const struct subscriber *sub, uint64_t hash)
{
	for (size_t i = 0; i < sub->seat_count; i++)
		if (sub->seats[i].hash == hash)
			return true;
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

bool subscriber_has_keys(const struct subscriber *sub, const char *keys, uint32_t count)
{
	const char *next = keys;
	struct text key;

	for (uint32_t i = 0; i < count; i++) {
		next = stream_next_key(next, &key);
		if (!has_seat(sub, key))
			return false;
	}
	for (size_t i = 0; i < sub->seat_count; i++)
		if (!has_key(keys, count, sub->seats[i].audience))
			return false;
	return true;
}

bool subscriber_may_see(const struct subscriber *sub, const struct sharedlog *log, const struct stream_entry *entry)
{
	const char *keys = sharedlog_at(log, entry->keys);
	bool seated = false;
	struct text key;

	if (cursor_compare(entry->at, sub->after) <= 0)
		return false;
	if (entry->everyone)
		return true;
	if (entry->key_count == 1 && !has_hash(sub, entry->hash))
		return false;
	for (uint32_t i = 0; i < entry->key_count; i++) {
		keys = stream_next_key(keys, &key);
		seated = seated || has_seat(sub, key);
	}
	for (uint32_t i = 0; seated && i < entry->unless_count; i++) {
		keys = stream_next_key(keys, &key);
		seated = !has_seat(sub, key);
	}
	return seated;
}

/* The entry's frame as this subscriber gets it, without what has gone already. */
static struct iovec frame_view(const struct subscriber *sub, const struct sharedlog *log,
			       const struct stream_entry *entry, uint32_t skip)
{
	uint32_t head = sub->bare ? FRAME_HEAD : 0, around = sub->bare ? FRAME_HEAD + FRAME_TAIL : 0;
	const struct stream_frame *frame = &entry->frames[sub->form];

	return (struct iovec){(char *)sharedlog_at(log, entry->record) + frame->at + head + skip, frame->len - around - skip};
}

void subscriber_gather(const struct subscriber *sub, const struct sharedlog *log, struct gather *ret_gather)
{
	const struct stream *s = sub->stream;
	uint64_t n = sub->position, end = s->next - n > LOOK_MAX ? n + LOOK_MAX : s->next;
	struct gather *g = ret_gather;

	g->count = 0;
	g->bytes = 0;
	for (; n < end && g->count < GATHER_MAX && g->bytes < GATHER_BYTES; n++) {
		const struct stream_entry *entry = stream_entry_at(s, n);

		if (!subscriber_may_see(sub, log, entry))
			continue;
		g->iov[g->count] = frame_view(sub, log, entry, n == sub->position ? sub->skip : 0);
		g->bytes += g->iov[g->count++].iov_len;
	}
	g->until = n;
}

void subscriber_advance(struct subscriber *sub, const struct sharedlog *log, const struct gather *g, size_t bytes)
{
	if (bytes == g->bytes) {
		sub->position = g->until;
		sub->skip = 0;
		sub->pending = sub->position < sub->stream->next;
		return;
	}
	for (; bytes > 0 || sub->skip == 0; sub->position++, sub->skip = 0) {
		const struct stream_entry *entry = stream_entry_at(sub->stream, sub->position);
		struct iovec view;

		if (!subscriber_may_see(sub, log, entry))
			continue;
		view = frame_view(sub, log, entry, sub->skip);
		if (bytes < view.iov_len) {
			sub->skip += (uint32_t)bytes;
			return;
		}
		bytes -= view.iov_len;
	}
}

bool subscriber_fell_off(struct subscriber *sub, const struct sharedlog *log)
{
	if (!sub->pending)
		return false;
	stream_trim(sub->stream, log);
	return sub->position < sub->stream->first;
}
