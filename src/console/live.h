/* SPDX-License-Identifier: PostgreSQL */
/*
 * live.h: events as they come, for an operator who looks.
 *
 * Nothing is kept until somebody asks, and nothing any more when nobody has asked for
 * LIVE_PATIENCE_MS. Then the last LIVE_MOST events of one topic are kept. What is shown is masked:
 * names of members stay, and each value is a dot. An operator may ask for the values.
 */
#ifndef CONSOLE_LIVE_H
#define CONSOLE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "hub/event.h"

#define LIVE_MOST 200
#define LIVE_DATA_MAX                                                                              \
	4096                 /* bytes of data that are kept of an event; longer ones show a length \
			      */
#define LIVE_AUDIENCE_MAX 20 /* keys of an audience that are kept */
#define LIVE_PATIENCE_MS 15000

struct live_event {
	struct cursor at;
	int64_t came_ms;  /* by the wall clock */
	char *name;       /* owned, as all below */
	char *data;       /* NULL if it is too long */
	size_t bytes;     /* of the data */
	char *audience;   /* keys, each with a line end */
	size_t key_count; /* in all */
	bool everyone;
};

struct live {
	char *topic; /* owned; NULL while nobody looks */
	int64_t asked_ms;
	struct live_event events[LIVE_MOST]; /* a ring */
	uint64_t count;                      /* of events since the topic was asked for first */
};

void live_release(struct live *l);

/* An event has been read. Costs next to nothing while nobody looks. now_ms is of the loop. */
void live_take(struct live *l, const struct event *event, int64_t now_ms);

/*
 * Appends events of the topic after the number `after`, as JSON. `shown` is true if values may be
 * seen. Another topic than before begins anew.
 */
void live_append(struct live *l, struct text topic, uint64_t after, bool shown, int64_t now_ms,
		 struct buf *out);

#endif
