/* SPDX-License-Identifier: PostgreSQL */
#include "hub/router.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"

/* Kept for the next event. A longer one is made in memory that is given back. */
#define ROOM_KEPT ((size_t)1 << 20)

void router_init(struct router *r, size_t log_size)
{
	*r = (struct router){.hash_key = hash_key_random()};
	sharedlog_init(&r->log, log_size);
	catalog_init(&r->catalog);
	list_init(&r->touched);
	sealer_init(&r->sealer);
	packer_init(&r->packer);
	stage_init(&r->stage, r->hash_key, &r->sealer, &r->packer);
}

void router_release(struct router *r)
{
	catalog_release(&r->catalog);
	sharedlog_release(&r->log);
	stage_release(&r->stage);
	sealer_release(&r->sealer);
	packer_release(&r->packer);
}

bool router_define(struct router *r, struct stream_def *defs, size_t count)
{
	return catalog_define(&r->catalog, defs, count, r->head);
}

void router_restart(struct router *r, struct cursor head)
{
	sharedlog_restart(&r->log, head);
	r->head = head;
	strmap_each (struct stream, s, &r->catalog.streams) {
		stream_trim(s, &r->log);
		s->since = head;
		s->partial = (struct cursor){0, 0};
		/* These are of the history that ended. since is enough now. */
		for (int form = 0; form < FRAME_FORMS; form++)
			s->form_since[form] = (struct cursor){0, 0};
	}
}

/* The event goes to nobody of this stream. Subscribers that were away ask the database for it. So
 * will those that are here, after they have been closed. The caller says why. */
static void leave_out(struct router *r, struct stream *s, struct cursor at)
{
	s->since = at;
	s->holed = true;
	r->holed = true;
}

static void leave_out_unsealed(struct router *r, struct stream *s, struct cursor at)
{
	if (s->subscriber_count > 0)
		log_error("[STREAM] an event of '%s' cannot be sealed (" SEALER_LACKS
			  "): its %zu streams are closed, and will find it with their "
			  "Last-Event-ID",
			  s->def.path, s->subscriber_count);
	leave_out(r, s, at);
}

/* So many subscribers are there for the event that their keys do not fit into the log. */
static void leave_out_all(struct router *r, const struct event *event)
{
	log_error("event '%.*s' (topic '%.*s') has more routing keys than fit into the log: its "
		  "streams are closed and will find it with their Last-Event-ID. Raise log-size",
		  (int)event->name.len, event->name.bytes, (int)event->topic.len,
		  event->topic.bytes);
	for (size_t i = 0; i < r->stage.route_count; i++)
		leave_out(r, r->stage.routes[i].stream, event->at);
}

static void stage(struct router *r, const struct topic *t, const struct event *event)
{
	stage_begin(&r->stage, event);
	for (size_t i = 0; i < t->count; i++) {
		/* After a hole nothing is said before its subscribers have gone. */
		if (t->streams[i]->holed)
			leave_out(r, t->streams[i], event->at);
		else if (stream_carries(t->streams[i], event->name) &&
			 !stage_add(&r->stage, t->streams[i]))
			/* A subscriber that comes later, and asks for earlier events, asks the
			 * database. */
			t->streams[i]->partial = event->at;
	}
	stage_frames(&r->stage);
	for (size_t i = 0; i < r->stage.route_count; i++)
		if (stage_is_unsealed(&r->stage.routes[i]))
			leave_out_unsealed(r, r->stage.routes[i].stream, event->at);
}

static void touch(struct router *r, struct part *part, uint64_t number)
{
	const struct subscriber *sub = part->subscriber;

	if (sub->live && !sub->pending && subscriber_call(part, &r->log, number))
		router_touch_again(r, part->subscriber);
}

static void touch_audiences(struct router *r, struct stream *s, uint64_t number)
{
	const struct stream_entry *entry = stream_entry_at(s, number);
	const char *keys = sharedlog_at(&r->log, entry->record + entry->keys);
	struct text key;

	for (uint32_t i = 0; i < entry->key_count; i++) {
		struct audience *a;

		keys = stream_next_key(keys, &key);
		a = stream_audience(s, key.bytes, key.len);
		if (a == NULL)
			continue;
		list_each (node, tmp, &a->seats)
			touch(r, container_of(node, struct seat, link)->part, number);
	}
}

/* The record is in the log. Entries get their place, and subscribers are told. */
static void deliver(struct router *r, struct stage_route *route, uint64_t record)
{
	struct stream *s = route->stream;
	uint64_t number;

	route->entry.record = record;
	number = stream_push(s, &r->log, &route->entry);
	if (!route->entry.everyone) {
		touch_audiences(r, s, number);
		return;
	}
	list_each (node, tmp, &s->subscribers)
		touch(r, container_of(node, struct part, link), number);
}

/* Entries of streams on which nothing happens must not outlive what they point to. This is done now
 * and then, because there may be thousands of streams. */
static void trim_streams(struct router *r)
{
	if (r->log.tail - r->trimmed < r->log.cap / 16)
		return;
	r->trimmed = r->log.tail;
	strmap_each (struct stream, s, &r->catalog.streams)
		stream_trim(s, &r->log);
}

static void say_left_out(struct router *r, const struct event *event, size_t bytes)
{
	r->left_out++;
	log_warn("data of event '%.*s' (topic '%.*s', change %" PRId64 "-%" PRId64
		 ") has %zu bytes as text: too long, sent without data",
		 (int)event->name.len, event->name.bytes, (int)event->topic.len, event->topic.bytes,
		 event->at.tick, event->at.change, bytes);
}

/* An event that is too long for the log goes out without its data. */
static void stage_truncated(struct router *r, const struct topic *t, const struct event *event)
{
	struct event shortened = *event;
	char room[EVENT_LEFT_OUT_MAX];

	shortened.data = event_leave_out(event->data.len, room);
	say_left_out(r, event, event->data.len);
	stage(r, t, &shortened);
}

/*
 * Tick ids jump when the log goes on in another history. From then on, the database judges older
 * cursors. A cursor that was lost may lie between two of the log's own. The log cannot tell it from
 * one that it has.
 */
static void close_past(struct router *r, int64_t tick)
{
	if (tick <= r->head.tick + 1)
		return;
	strmap_each (struct stream, s, &r->catalog.streams)
		s->since = (struct cursor){tick, 0};
}

#define FORMS_AT_ONCE 3 /* text, packed and lines are the forms of most streams */

size_t router_data_max(const struct router *r)
{
	return sharedlog_record_max(&r->log) / FORMS_AT_ONCE;
}

void router_publish(struct router *r, const struct event *event)
{
	const struct topic *t = catalog_topic(&r->catalog, event->topic);
	const struct buf *made = &r->stage.record;
	uint64_t record;
	size_t others;

	close_past(r, event->at.tick);
	r->head = event->at;
	r->events++;
	if (t == NULL)
		return;
	if (event->left_out > 0)
		say_left_out(r, event, event->left_out);
	if (event->data.len < sharedlog_record_max(&r->log))
		stage(r, t, event);
	if (event->data.len >= sharedlog_record_max(&r->log) ||
	    made->len > sharedlog_record_max(&r->log))
		stage_truncated(r, t, event);
	if (made->len > sharedlog_record_max(&r->log)) {
		leave_out_all(r, event);
		return;
	}
	if (!r->stage.meant)
		return;
	others = r->stage.route_count * sizeof(struct stream_entry);
	record = sharedlog_append(&r->log, event->at, made->data, made->len, others);
	r->bytes += made->len;
	r->untold += made->len + others;
	trim_streams(r);
	for (size_t i = 0; i < r->stage.route_count; i++)
		if (!stage_is_unsealed(&r->stage.routes[i]))
			deliver(r, &r->stage.routes[i], record);
	buf_trim(&r->stage.record, ROOM_KEPT);
	packer_trim(&r->packer, ROOM_KEPT);
	sealer_trim(&r->sealer, ROOM_KEPT);
}

void router_reached(struct router *r, struct cursor head)
{
	r->whole_tick = head.tick;
	if (cursor_compare(head, r->head) > 0)
		r->head = head;
}

/* Does the log have all of this, for a subscriber that was there? */
static bool has_all(const struct router *r, const struct stream *s, enum frame_form form,
		    struct cursor after)
{
	return stream_has_form(s, form) &&
	       cursor_compare(after, stream_floor(s, &r->log, form)) >= 0;
}

bool router_holds(const struct router *r, const struct stream *s, enum frame_form form,
		  struct cursor after)
{
	return has_all(r, s, form, after) && cursor_compare(after, s->partial) >= 0;
}

void router_want_form(struct router *r, struct stream *s, enum frame_form form)
{
	stream_want_form(s, form, r->head);
}

void router_join(struct router *r, struct subscriber *sub, struct stream *s, const char *keys,
		 uint32_t count)
{
	subscriber_join(sub, s, r->hash_key, keys, count);
	sub->joined = r->head;
}

bool router_holds_for(const struct router *r, const struct subscriber *sub, struct cursor after)
{
	bool was_there = cursor_compare(after, sub->joined) >= 0;

	for (size_t i = 0; i < sub->part_count; i++) {
		const struct stream *s = sub->parts[i].stream;

		if (!(was_there ? has_all : router_holds)(r, s, sub->form, after))
			return false;
	}
	return true;
}

void router_go_live(struct router *r, struct subscriber *sub, struct cursor after)
{
	for (size_t i = 0; i < sub->part_count; i++)
		stream_trim(sub->parts[i].stream, &r->log);
	if (subscriber_go_live(sub, after))
		router_touch_again(r, sub);
}

void router_take_touched(struct router *r, struct list *ret_touched)
{
	list_init(ret_touched);
	list_splice(ret_touched, &r->touched);
	r->untold = 0;
}

void router_touch_again(struct router *r, struct subscriber *sub)
{
	if (!list_linked(&sub->touched))
		list_append(&r->touched, &sub->touched);
}
