/* SPDX-License-Identifier: PostgreSQL */
/*
 * catalog.h: which streams there are, by path and by topic. It owns them.
 *
 * One that is taken away, or defined otherwise, goes to `gone` and stays there for as long as it
 * has subscribers. Their owner closes them.
 */
#ifndef HUB_CATALOG_H
#define HUB_CATALOG_H

#include "base/list.h"
#include "base/strmap.h"
#include "hub/cursor.h"
#include "hub/params.h"
#include "hub/stream.h"

/* The streams that carry one topic. */
struct topic {
	struct stream **streams;
	size_t count;
};

struct catalog {
	struct strmap streams; /* path -> struct stream */
	struct strmap topics;  /* topic -> struct topic */
	struct list gone;      /* streams that were taken away and still have subscribers */
};

void catalog_init(struct catalog *c);
void catalog_release(struct catalog *c); /* when no subscriber is left */

/*
 * From now on, these streams exist and no others. Takes the defs over. A stream that is defined as
 * before stays as it is. A new one has nothing from before `head`. Returns false if all streams are
 * as they were.
 */
bool catalog_define(struct catalog *c, struct stream_def *defs, size_t count, struct cursor head);
void catalog_free_gone(struct catalog *c); /* frees those without subscribers */

/* NULL if no stream carries the topic. */
const struct topic *catalog_topic(const struct catalog *c, struct text name);

/*
 * Returns the stream whose path fits. Of several, it is the one with the most literal segments,
 * then the first by name. Returns NULL if there is none. Path parameters are appended to params.
 * Their texts are borrowed from the stream and from path.
 */
struct stream *catalog_find(const struct catalog *c, const char *path, struct params *params);

#endif
