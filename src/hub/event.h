/* SPDX-License-Identifier: PostgreSQL */
/*
 * event.h: one committed change, as the inlet hands it to the hub.
 *
 * Everything is borrowed, and valid during the call that passes it. A function that needs it longer
 * copies it. The hub copies frames into the shared log.
 */
#ifndef HUB_EVENT_H
#define HUB_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "hub/cursor.h"

struct event {
	struct cursor at;
	struct text topic;
	struct text name;
	struct keys audience;
	/* For `left`, the keys that still see the row. items is NULL if the event has no such list.
	 * A list that names nobody has items. */
	struct keys unless;
	bool everyone;    /* for all subscribers of the topic, whatever they match */
	struct text data; /* JSON on one line, as PostgreSQL prints jsonb */
	/* Length of data that is too long, while data says so in its place (event_leave_out). 0 if
	 * data is whole. */
	size_t left_out;
};

#define EVENT_LEFT_OUT_MAX 64

/* Returns the data that stands for data of this many bytes, {"truncated": true, "bytes": …}. It
 * lies in room, which has EVENT_LEFT_OUT_MAX bytes. */
struct text event_leave_out(size_t bytes, char *room);

#endif
