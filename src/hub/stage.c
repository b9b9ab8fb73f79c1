/* SPDX-License-Identifier: PostgreSQL */
#include "hub/stage.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void stage_init(struct stage *g, struct hash_key hash_key, struct sealer *sealer,
		struct packer *packer)
{
	*g = (struct stage){.hash_key = hash_key, .sealer = sealer, .packer = packer};
	buf_init(&g->record);
	reach_init(&g->audience);
	reach_init(&g->unless);
}

void stage_release(struct stage *g)
{
	buf_release(&g->record);
	reach_forget(&g->audience);
	reach_forget(&g->unless);
	free(g->routes);
}

/* --- name and routing keys --- */

/* The entry has the name's length. The record begins with the name. A name that is always carried
 * is left out. */
void stage_begin(struct stage *g, const struct event *event)
{
	size_t len = stream_always_carries(event->name) ? 0 : event->name.len;

	g->event = event;
	g->route_count = 0;
	g->meant = false;
	reach_forget(&g->audience);
	reach_forget(&g->unless);
	g->name_len = (uint16_t)(len < UINT16_MAX ? len : UINT16_MAX);
	buf_clear(&g->record);
	buf_append(&g->record, event->name.bytes, g->name_len);
}

static void add_route(struct stage *g, struct stream *s, const struct stream_entry *entry)
{
	if (g->route_count == g->route_cap) {
		g->route_cap = g->route_cap == 0 ? 16 : g->route_cap * 2;
		g->routes = xrealloc(g->routes, g->route_cap * sizeof(*g->routes));
	}
	g->routes[g->route_count++] = (struct stage_route){s, *entry};
}

/* Appends the routing keys for this stream. If they are very many or very long, appends only those
 * that subscribers have now, and sets *partial. */
static uint32_t append_keys(struct stage *g, struct reach *reach, const struct stream *s,
			    struct keys audience, bool *partial)
{
	uint32_t count = stream_append_keys(s, audience, STREAM_KEYS_BYTES, &g->record);

	if (count <= STREAM_KEYS_MAX)
		return count;
	*partial = true;
	return reach_append_keys(reach, s, audience, &g->record);
}

/* Appends the event's routing keys for this stream. Returns false if it appends only some of
 * them. */
static bool add_keys(struct stage *g, const struct stream *s, struct stream_entry *entry)
{
	const struct event *event = g->event;
	uint32_t all;
	bool partial = false;
	struct text first;

	if (!event->everyone)
		entry->key_count = append_keys(g, &g->audience, s, event->audience, &partial);
	if (entry->key_count == 1) {
		stream_next_key(g->record.data + entry->keys, &first);
		entry->hash = hash_bytes(g->hash_key, first.bytes, first.len);
	}
	/* A list that names nobody is met by streams that match nothing. */
	if (event->unless.items != NULL)
		entry->unless_count = append_keys(g, &g->unless, s, event->unless, &partial);
	all = entry->key_count + entry->unless_count;
	if (all > REACH_INDEXED) {
		entry->places = (uint32_t)g->record.len;
		reach_append_places(g->hash_key, entry->keys, all, &g->record);
	}
	return !partial;
}

bool stage_add(struct stage *g, struct stream *s)
{
	struct stream_entry entry = {.at = g->event->at,
				     .keys = (uint32_t)g->record.len,
				     .name_len = g->name_len,
				     .everyone = g->event->everyone};
	bool whole = add_keys(g, s, &entry);

	if (entry.key_count == 0 && entry.unless_count == 0 && !entry.everyone)
		return whole;
	add_route(g, s, &entry);
	g->meant = g->meant || !stage_is_silent(&g->routes[g->route_count - 1]);
	return whole;
}

/* --- frames --- */

/* How the event goes out on the streams of one format, sealed or in clear. */
struct print {
	unsigned forms; /* that these streams want */
	bool made;
	struct stream_frame frames[FRAME_FORMS];
};

/* Appends one chunk to the record. A packed one has its sum before it. Returns where the chunk
 * begins. */
static size_t append_chunk(struct stage *g, enum frame_form form, enum frame_format format,
			   bool sealed, struct text data)
{
	const struct event *event = g->event;
	size_t start = g->record.len;

	if (form & FRAME_PACKED) {
		buf_clear(&g->packer->plain);
		frame_append_form(&g->packer->plain, form, format, sealed, &event->at, event->name,
				  data);
		packer_pack(g->packer);
		return packer_append(g->packer, &g->record);
	}
	frame_append(&g->record, form, format, sealed, &event->at, event->name, data);
	return start;
}

/* Seals once for all forms. What cannot be sealed is not made. */
static void make_print(struct stage *g, struct print *p, enum frame_format format, bool sealed)
{
	struct text data = g->event->data;

	if (sealed && !sealer_seal(g->sealer, g->event->name, &format, &data))
		return;
	for (enum frame_form form = 0; form < FRAME_FORMS; form++) {
		struct stream_frame *frame = &p->frames[form];

		if (!(p->forms & (1u << form)))
			continue;
		frame->at = (uint32_t)append_chunk(g, form, format, sealed, data);
		frame->len = (uint32_t)(g->record.len - frame->at);
	}
	p->made = true;
}

void stage_frames(struct stage *g)
{
	struct print prints[2][FRAME_FORMATS] = {{{.forms = 0}}};

	for (size_t i = 0; i < g->route_count; i++) {
		const struct stream *s = g->routes[i].stream;

		prints[s->def.sealed][s->def.format].forms |= s->forms;
	}
	for (size_t i = 0; i < g->route_count; i++) {
		struct stage_route *route = &g->routes[i];
		const struct stream_def *def = &route->stream->def;
		struct print *print = &prints[def->sealed][def->format];

		if (stage_is_silent(route))
			continue;
		if (!print->made)
			make_print(g, print, def->format, def->sealed);
		memcpy(route->entry.frames, print->frames, sizeof(print->frames));
	}
	g->event = NULL;
}
