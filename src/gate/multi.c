/* SPDX-License-Identifier: PostgreSQL */
#include "gate/multi.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "http/params_json.h"
#include "outlet/outlets.h"
#include "gate/gate.h"

static void doubt_item(struct multi_item *item)
{
	free(item->granted);
	free(item->listed);
	free(item->typed);
	item->granted = item->listed = item->typed = NULL;
}

void multi_item_release(struct multi_item *item)
{
	wanted_release(&item->wanted);
	json_object_put(item->query);
	free(item->path);
	doubt_item(item);
}

void multi_free(struct multi *s)
{
	for (size_t i = 0; s != NULL && i < s->count; i++)
		multi_item_release(&s->items[i]);
	free(s);
}

/* --- what they are --- */

bool multi_find(struct multi *s, const struct catalog *streams)
{
	bool all = true;

	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];

		item->params.count = 0;
		item->stream = catalog_find(streams, item->path, &item->params);
		params_json_read(item->query, &item->params);
		all = all && item->stream != NULL;
	}
	return all;
}

bool multi_is_anonymous(const struct multi *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->items[i].stream->def.anonymous)
			return false;
	return true;
}

const char *multi_name(const struct multi *s)
{
	return s->joined ? SELECTION_MULTI_PATH : s->items[0].path;
}

enum frame_format multi_format(const struct multi *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->items[i].stream == NULL || s->items[i].stream->def.format != FRAME_MESSAGE)
			return FRAME_NAMED;
	return FRAME_MESSAGE;
}

/* --- may they be had --- */

static bool share_a_topic(const struct stream_def *a, const struct stream_def *b)
{
	for (size_t i = 0; i < a->topic_count; i++)
		for (size_t k = 0; k < b->topic_count; k++)
			if (strcmp(a->topics[i], b->topics[k]) == 0)
				return true;
	return false;
}

/* An event is sent once, so it can have only one form. */
static bool differ(const struct stream_def *a, const struct stream_def *b)
{
	return (a->format != b->format || a->sealed != b->sealed) && share_a_topic(a, b);
}

static bool fit_together(const struct multi *s, struct refusal *ret_refusal)
{
	char sentence[sizeof(ret_refusal->sentence)];

	for (size_t i = 0; i < s->count; i++) {
		if (s->items[i].stream->def.snapshot != NULL) {
			snprintf(sentence, sizeof(sentence),
				 "%.100s begins with a snapshot: it needs a connection of its own",
				 s->items[i].path);
			refusal_bad_request(ret_refusal, sentence);
			return false;
		}
		for (size_t k = 0; k < i; k++)
			if (differ(&s->items[k].stream->def, &s->items[i].stream->def)) {
				snprintf(sentence, sizeof(sentence),
					 "%.100s and %.100s send the same events in different "
					 "forms: one of them needs"
					 " a connection of its own",
					 s->items[k].path, s->items[i].path);
				refusal_bad_request(ret_refusal, sentence);
				return false;
			}
	}
	return true;
}

/* Has the database said yes to it as the stream that it is now? */
static bool is_granted(const struct multi_item *item)
{
	return item->granted != NULL && strcmp(item->granted, item->stream->def.path) == 0;
}

static bool admit(struct multi *s, struct gate *gate, const struct identity *id,
		  const char *address, struct refusal *ret_refusal)
{
	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];
		const struct entitlement_said said = {item->listed, item->typed};

		wanted_release(&item->wanted);
		if (!admission_decide(gate, item->stream, id, &item->params,
				      is_granted(item) ? &said : NULL, address, &item->wanted,
				      ret_refusal))
			return false;
	}
	return !s->joined || fit_together(s, ret_refusal);
}

static bool has_given(const struct multi_item *item)
{
	char *given = entitlement_given(&item->stream->def, &item->wanted);

	free(given);
	return given != NULL;
}

struct multi_item *multi_unasked(struct multi *s)
{
	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];

		if (!is_granted(item) && (stream_def_asks(&item->stream->def) || has_given(item)))
			return item;
	}
	return NULL;
}

static char *copy(const char *text)
{
	return text == NULL ? NULL : xstrdup(text);
}

void multi_grant(struct multi_item *item, const char *path, const struct entitlement_said *said)
{
	doubt_item(item);
	item->granted = xstrdup(path);
	item->listed = copy(said->listed);
	item->typed = copy(said->typed);
}

void multi_doubt(struct multi *s)
{
	for (size_t i = 0; i < s->count; i++)
		doubt_item(&s->items[i]);
}

struct selection *multi_settle(struct multi *s)
{
	struct selection *selection = selection_new(s->count, s->joined);

	for (size_t i = 0; i < s->count; i++) {
		struct multi_item *item = &s->items[i];

		selection_set(selection, i, item->stream, item->wanted,
			      (struct selected){.params = params_json(&item->params),
						.listed = item->listed,
						.typed = item->typed});
		item->wanted = (struct wanted){.count = 0};
		item->listed = item->typed = NULL;
	}
	return selection;
}

enum multi_verdict multi_decide(struct multi *s, struct gate *gate, const struct identity *id,
				const char *address, struct multi_item **ret_item,
				struct refusal *ret_refusal)
{
	if (!multi_find(s, &gate->outlets->router->catalog)) {
		refusal_not_found(ret_refusal);
		return MULTI_REFUSED;
	}
	if (!admit(s, gate, id, address, ret_refusal))
		return MULTI_REFUSED;
	*ret_item = multi_unasked(s);
	return *ret_item == NULL ? MULTI_ADMITTED : MULTI_ASKS;
}

void multi_open(struct multi *s, struct gate *gate, const struct identity *id,
		struct opening *opening)
{
	opening->selection = multi_settle(s);
	holder_init(&opening->holder, id, selection_needs_claims(opening->selection));
	opening_open(gate->outlets, opening);
}
