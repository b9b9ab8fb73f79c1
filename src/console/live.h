/* SPDX-License-Identifier: PostgreSQL */
/*
 * live.h: events as they come, for an operator who looks.
 *
 * Nothing is kept until somebody asks, and nothing any more when nobody has asked for
 * LIVE_PATIENCE_MS. Meanwhile the last LIVE_MOST events of each such topic are kept, of up to
 * LIVE_TOPICS_MOST topics. What is shown is masked: names of members stay, and each value is a dot.
 * An operator may ask for the values.
 */
#ifndef CONSOLE_LIVE_H
#define CONSOLE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "hub/event.h"

#define LIVE_MOST 200
#define LIVE_TOPICS_MOST 4
#define LIVE_DATA_MAX                                                                              \
	4096                 /* bytes of data that are kept of an event; longer ones show a length \
			      */
#define LIVE_AUDIENCE_MAX 20 /* keys of an audience that are kept */
#define LIVE_PATIENCE_MS 15000

struct live_event {
	struct cursor at;
	int64_t came_ms;        /* by the wall clock */
	char *name;             /* owned, as all below */
	char *data;             /* NULL if it is too long */
	size_t bytes;           /* of the data */
	char *audience;         /* keys, each with a NUL after it; values hold none */
	size_t kept, key_count; /* keys in it, and in all */
	bool everyone;
};

/* One topic that somebody looks at. */
struct live_topic {
	char *name; /* owned; NULL while nobody looks */
	int64_t asked_ms;
	struct live_event events[LIVE_MOST]; /* a ring */
	uint64_t count;                      /* of events since the topic was asked for first */
};

struct live {
	struct live_topic topics[LIVE_TOPICS_MOST];
};

void live_release(struct live *l);

/* An event has been read. Costs next to nothing while nobody looks. now_ms is of the loop. */
void live_take(struct live *l, const struct event *event, int64_t now_ms);

/*
 * Appends events of the topic after the number `after`, as JSON. `shown` is true if values may be
 * seen. False if as many other topics are looked at as may be. Then nothing is appended.
 */
MUST_CHECK bool live_append(struct live *l, struct text topic, uint64_t after, bool shown,
			    int64_t now_ms, struct buf *out);

#endif
