/* SPDX-License-Identifier: PostgreSQL */
#include "console/roster.h"

#include <inttypes.h>
#include <string.h>

static void append_text(struct buf *out, const char *name, const char *text)
{
	buf_appendf(out, ",\"%s\":", name);
	if (text == NULL)
		buf_append_str(out, "null");
	else
		buf_append_json(out, text, strlen(text));
}

/* --- streams --- */

static void append_texts(struct buf *out, const char *name, char *const *texts, size_t count)
{
	buf_appendf(out, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		buf_append_str(out, i == 0 ? "" : ",");
		buf_append_json(out, texts[i], strlen(texts[i]));
	}
	buf_append_char(out, ']');
}

static void append_match(struct buf *out, const struct stream_def *def)
{
	buf_append_str(out, ",\"match\":{");
	for (size_t i = 0; i < def->match_count; i++) {
		buf_append_str(out, i == 0 ? "" : ",");
		buf_append_json(out, def->match_key[i], strlen(def->match_key[i]));
		buf_append_char(out, ':');
		buf_append_json(out, def->match_source[i], strlen(def->match_source[i]));
	}
	buf_append_char(out, '}');
}

/* What its open connections were sent. Those of several streams count for none. */
static uint64_t bytes_of(const struct stream *s)
{
	uint64_t bytes = 0;

	list_each (node, tmp, &s->subscribers) {
		const struct part *part = container_of(node, struct part, link);
		const struct outlet *o = container_of(part->subscriber, struct outlet, sub);

		bytes += o->selection->multi ? 0 : o->bytes;
	}
	return bytes;
}

static void append_stream(const struct stream *s, struct buf *out)
{
	const struct stream_def *def = &s->def;

	buf_append_str(out, "{\"path\":");
	buf_append_json(out, def->path, strlen(def->path));
	append_texts(out, "topics", def->topics, def->topic_count);
	append_texts(out, "events_named", def->events, def->event_count);
	append_match(out, def);
	buf_appendf(out, ",\"require\":%s", def->require);
	buf_appendf(out, ",\"anonymous\":%s,\"sealed\":%s", def->anonymous ? "true" : "false",
		    def->sealed ? "true" : "false");
	append_text(out, "authorize", def->authorize);
	append_text(out, "snapshot", def->snapshot);
	buf_appendf(out, ",\"connections\":%zu,\"events\":%" PRIu64 ",\"bytes\":%" PRIu64 "}",
		    s->subscriber_count, s->next, bytes_of(s));
}

void roster_append_streams(const struct outlets *outlets, struct buf *out)
{
	const char *comma = "";

	buf_append_str(out, "{\"streams\":[");
	strmap_each (const struct stream, s, &outlets->router->catalog.streams) {
		buf_append_str(out, comma);
		append_stream(s, out);
		comma = ",";
	}
	buf_append_str(out, "]}");
}

/* --- connections --- */

static const char *phase_of(const struct outlet *o)
{
	static const char *const words[] = {"snapshot", "catching up", "live", "closing", "closed"};

	return words[o->phase->state];
}

/* What it has taken all of. *ret_behind is how many events of its streams it has not looked at. */
static struct cursor place_of(const struct outlet *o, struct cursor head, uint64_t *ret_behind)
{
	const struct subscriber *sub = &o->sub;
	struct cursor place = sub->live ? head : sub->after;

	*ret_behind = 0;
	for (size_t i = 0; sub->live && sub->pending && i < sub->part_count; i++) {
		const struct part *part = &sub->parts[i];
		uint64_t next = part->stream->next, at = part->position;

		if (at < part->stream->first)
			at = part->stream->first;
		*ret_behind += next - at;
		if (at < next && cursor_compare(stream_entry_at(part->stream, at)->at, place) < 0)
			place = stream_entry_at(part->stream, at)->at;
	}
	return place;
}

static void append_connection(const struct outlet *o, int64_t now_ms, struct buf *out)
{
	char place[CURSOR_TEXT_MAX];
	uint64_t behind;

	cursor_format(place_of(o, o->set->router->head, &behind), place);
	buf_appendf(out, "{\"number\":%" PRIu64, o->number);
	append_text(out, "path", selection_path(o->selection));
	append_text(out, "user", o->holder.user);
	append_text(out, "address", o->address);
	append_text(out, "phase", phase_of(o));
	append_text(out, "at", place);
	buf_appendf(out,
		    ",\"behind\":%" PRIu64 ",\"unsent\":%zu,\"bytes\":%" PRIu64
		    ",\"age_s\":%" PRId64 "}",
		    behind, o->out.len - o->out_sent, o->bytes, (now_ms - o->opened_ms) / 1000);
}

void roster_append_connections(const struct outlets *outlets, int64_t now_ms, size_t most,
			       struct buf *out)
{
	size_t count = 0;

	buf_appendf(out, "{\"open\":%zu,\"connections\":[", outlets->quota.open);
	list_each (node, tmp, &outlets->open) {
		if (count == most)
			break;
		buf_append_str(out, count++ == 0 ? "" : ",");
		append_connection(container_of(node, struct outlet, link), now_ms, out);
	}
	buf_append_str(out, "]}");
}
