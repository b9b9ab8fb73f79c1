/* SPDX-License-Identifier: PostgreSQL */
/*
 * event.h: one committed change, as the inlet hands it to the hub. Everything is borrowed: it is
 * valid during the call that passes it, and whoever needs it longer copies it (the hub copies
 * frames into the shared log).
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
	/* of `left`: who sees the row still; items NULL where there is none, but not where it names
	 * nobody */
	struct keys unless;
	bool everyone;    /* all subscribers of the topic, whatever they match */
	struct text data; /* JSON on one line, as PostgreSQL prints jsonb */
	/* of data that is too long and says so in its place (event_leave_out): its length; 0: data
	 * is whole */
	size_t left_out;
};

#define EVENT_LEFT_OUT_MAX 64

/* The data that stands for one of so many bytes: {"truncated": true, "bytes": …}. Room is for
 * EVENT_LEFT_OUT_MAX. */
struct text event_leave_out(size_t bytes, char *room);

#endif
