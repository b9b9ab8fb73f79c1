/* SPDX-License-Identifier: PostgreSQL */
#include "hub/subscriber.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

#define LOOK_MAX 65536 /* events looked at in one gather, in well under a millisecond */
/* More in one writev would only make one subscriber hold up the others. */
#define GATHER_BYTES (256 << 10)

/* --- joining and leaving --- */

void subscriber_expect(struct subscriber *sub, size_t parts)
{
	*sub = (struct subscriber){.bare = sub->bare, .form = sub->form};
	sub->parts = parts == 1 ? &sub->one : xcalloc(parts, sizeof(*sub->parts));
	list_node_init(&sub->touched);
}

void subscriber_join(struct subscriber *sub, struct stream *stream, struct hash_key hash_key,
		     const char *keys, uint32_t count)
{
	if (sub->parts == NULL)
		subscriber_expect(sub, 1);
	part_join(&sub->parts[sub->part_count++], sub, stream, hash_key, keys, count);
	sub->stream = sub->parts[0].stream;
}

void subscriber_leave(struct subscriber *sub)
{
	if (sub->stream == NULL)
		return;
	for (size_t i = 0; i < sub->part_count; i++)
		part_leave(&sub->parts[i]);
	if (sub->parts != &sub->one)
		free(sub->parts);
	list_remove(&sub->touched);
	sub->stream = NULL;
	sub->parts = NULL;
	sub->part_count = 0;
	sub->live = sub->pending = false;
}

const struct stream *subscriber_stream_of(const struct subscriber *sub, struct text topic)
{
	for (size_t i = 0; sub->part_count > 1 && i < sub->part_count; i++)
		for (size_t t = 0; t < sub->parts[i].stream->def.topic_count; t++)
			if (text_is(topic, sub->parts[i].stream->def.topics[t]))
				return sub->parts[i].stream;
	return sub->stream;
}

static const struct stream_entry *entry_at(const struct part *part, uint64_t at)
{
	return at < part->stream->next ? stream_entry_at(part->stream, at) : NULL;
}

static struct cursor earliest_at(const struct subscriber *sub, const uint64_t *at)
{
	struct cursor earliest = {INT64_MAX, INT64_MAX};

	for (size_t i = 0; i < sub->part_count; i++) {
		const struct stream_entry *entry = entry_at(&sub->parts[i], at[i]);

		if (entry != NULL && cursor_compare(entry->at, earliest) < 0)
			earliest = entry->at;
	}
	return earliest;
}

/* Returns the earliest event of all parts at these positions, and moves them to the place after it.
 * Returns NULL if the event is not for this subscriber. */
static const struct stream_entry *take_merged(const struct subscriber *sub,
					      const struct sharedlog *log, uint64_t *at)
{
	struct cursor earliest = earliest_at(sub, at);
	const struct stream_entry *found = NULL;
	bool still = false;

	for (size_t i = 0; i < sub->part_count; i++) {
		const struct part *part = &sub->parts[i];
		const struct stream_entry *entry = entry_at(part, at[i]);

		if (entry == NULL || cursor_compare(entry->at, earliest) != 0)
			continue;
		at[i]++;
		found = found == NULL && part_glance(part, entry) && part_is_for(part, log, entry)
				? entry
				: found;
		still = still || part_sees_still(part, log, entry);
	}
	return still || cursor_compare(earliest, sub->after) <= 0 ? NULL : found;
}

static bool is_more(const struct subscriber *sub, const uint64_t *at)
{
	for (size_t i = 0; i < sub->part_count; i++)
		if (at[i] < sub->parts[i].stream->next)
			return true;
	return false;
}

/* Returns the next event for a subscriber of one stream. Most entries are for others, and are
 * passed over here. */
static const struct stream_entry *
find_in_one(const struct subscriber *sub, const struct sharedlog *log, uint64_t *at, size_t most)
{
	const struct part *one = &sub->parts[0];
	const struct stream *s = one->stream;
	uint64_t n = *at, end = s->next - n > most ? n + most : s->next;
	const struct stream_entry *found = NULL;

	for (; n < end && found == NULL; n++) {
		const struct stream_entry *entry = stream_entry_at(s, n);

		if (part_glance(one, entry) && cursor_compare(entry->at, sub->after) > 0 &&
		    part_is_for(one, log, entry) && !part_sees_still(one, log, entry))
			found = entry;
	}
	*at = n;
	return found;
}

/*
 * Returns the next event for this subscriber from these positions on, and moves them to the place
 * after it. Looks at *most events at the most, and counts them down. Returns NULL if there is none
 * among them.
 */
static const struct stream_entry *find_next(const struct subscriber *sub,
					    const struct sharedlog *log, uint64_t *at, size_t *most)
{
	const struct stream_entry *found = NULL;
	uint64_t from = at[0];

	if (sub->part_count == 1) {
		found = find_in_one(sub, log, at, *most);
		*most -= at[0] - from;
		return found;
	}
	for (; found == NULL && *most > 0 && is_more(sub, at); --*most)
		found = take_merged(sub, log, at);
	return found;
}

/* --- positions --- */

static void get_positions(const struct subscriber *sub, uint64_t *ret_at)
{
	for (size_t i = 0; i < sub->part_count; i++)
		ret_at[i] = sub->parts[i].position;
}

static void set_positions(struct subscriber *sub, const uint64_t *at)
{
	for (size_t i = 0; i < sub->part_count; i++)
		sub->parts[i].position = at[i];
	sub->skip = 0;
}

/* These positions are just after the event. Makes the subscriber stand at it again. */
static void stand_at(struct subscriber *sub, const uint64_t *at, struct cursor event)
{
	for (size_t i = 0; i < sub->part_count; i++) {
		struct part *part = &sub->parts[i];
		bool passed =
			at[i] > part->position &&
			cursor_compare(stream_entry_at(part->stream, at[i] - 1)->at, event) == 0;

		part->position = at[i] - passed;
	}
}

static void stand_behind(struct subscriber *sub, struct cursor after)
{
	for (size_t i = 0; i < sub->part_count; i++)
		sub->parts[i].position = stream_find(sub->parts[i].stream, after);
	sub->skip = 0;
}

bool subscriber_go_live(struct subscriber *sub, struct cursor after)
{
	uint64_t at[SUBSCRIBER_PARTS_MAX];

	sub->after = after;
	sub->live = true;
	stand_behind(sub, after);
	get_positions(sub, at);
	sub->pending = is_more(sub, at);
	return sub->pending;
}

void subscriber_wait(struct subscriber *sub)
{
	sub->live = sub->pending = false;
	sub->skip = 0;
}

bool subscriber_call(struct part *part, const struct sharedlog *log, uint64_t number)
{
	struct subscriber *sub = part->subscriber;
	const struct stream_entry *entry = stream_entry_at(part->stream, number);

	/* A seat has brought the event here. The rest is looked at only if something else may speak
	 * against it. */
	if ((entry->unless_count > 0 || part->names != NULL) &&
	    (!part_is_for(part, log, entry) || part_sees_still(part, log, entry)))
		return false;
	/* The other parts' entries of this event may be yet to come. The parts will stand right
	 * there. */
	if (sub->part_count > 1)
		stand_behind(sub, (struct cursor){entry->at.tick, entry->at.change - 1});
	part->position = number;
	sub->skip = 0;
	return sub->pending = true;
}

/* --- sending --- */

/* Returns the entry's frame as this subscriber gets it, without what has gone already. */
static struct iovec frame_view(const struct subscriber *sub, const struct sharedlog *log,
			       const struct stream_entry *entry, uint32_t skip)
{
	uint32_t head = sub->bare ? FRAME_HEAD : 0,
		 around = sub->bare ? FRAME_HEAD + FRAME_TAIL : 0;
	const struct stream_frame *frame = &entry->frames[sub->form];

	return (struct iovec){(char *)sharedlog_at(log, entry->record) + frame->at + head + skip,
			      frame->len - around - skip};
}

bool subscriber_is_holed(const struct subscriber *sub)
{
	for (size_t i = 0; i < sub->part_count; i++)
		if (sub->parts[i].stream->holed)
			return true;
	return false;
}

/* After a hole nothing is sent but the rest of a frame that has begun. The id of an event of
 * another stream would say that nothing is missing. */
static int frames_allowed(const struct subscriber *sub)
{
	if (!subscriber_is_holed(sub))
		return GATHER_MAX;
	return sub->skip > 0 ? 1 : 0;
}

void subscriber_gather(const struct subscriber *sub, const struct sharedlog *log,
		       struct gather *ret_gather)
{
	const struct stream_entry *entry;
	struct gather *g = ret_gather;
	size_t most = LOOK_MAX;
	int frames = frames_allowed(sub);

	g->count = 0;
	g->bytes = 0;
	get_positions(sub, g->until);
	while (g->count < frames && g->bytes < GATHER_BYTES &&
	       (entry = find_next(sub, log, g->until, &most)) != NULL) {
		g->iov[g->count] = frame_view(sub, log, entry, g->count == 0 ? sub->skip : 0);
		g->bytes += g->iov[g->count++].iov_len;
	}
}

void subscriber_advance(struct subscriber *sub, const struct sharedlog *log, const struct gather *g,
			size_t bytes)
{
	uint64_t at[SUBSCRIBER_PARTS_MAX];
	size_t most = SIZE_MAX;

	if (bytes == g->bytes) {
		set_positions(sub, g->until);
		sub->pending = is_more(sub, g->until);
		return;
	}
	/* One of the frames has not gone whole. */
	for (get_positions(sub, at);; set_positions(sub, at)) {
		const struct stream_entry *entry = find_next(sub, log, at, &most);
		size_t len = frame_view(sub, log, entry, sub->skip).iov_len;

		if (bytes < len) {
			stand_at(sub, at, entry->at);
			sub->skip += (uint32_t)bytes;
			return;
		}
		bytes -= len;
	}
}

bool subscriber_fell_off(struct subscriber *sub, const struct sharedlog *log)
{
	bool fell = false;

	for (size_t i = 0; sub->pending && i < sub->part_count; i++) {
		stream_trim(sub->parts[i].stream, log);
		fell = fell || sub->parts[i].position < sub->parts[i].stream->first;
	}
	return fell;
}
