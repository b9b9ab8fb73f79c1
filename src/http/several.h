/* SPDX-License-Identifier: PostgreSQL */
/*
 * several.h: the streams that one request asks for: one by its own path, or several in one
 * connection, because browsers allow six:
 *
 *   GET /stream/multi?paths=/api/events,/api/orders/events%3Fstore%3Dnorth
 *
 * Each path is what a request for that stream alone would have as its target, percent-encoded once
 * as a query value; a query behind it is its own, and the request's other parameters count for all
 * where theirs do not say otherwise. `path` is another word for `paths`, both may be repeated. A
 * comma in a path's own query belongs to it unless a slash follows.
 *
 * What is found and decided is for the moment: it is done anew when the database has answered.
 */
#ifndef HTTP_SEVERAL_H
#define HTTP_SEVERAL_H

#include <stdbool.h>

#include "hub/router.h"
#include "hub/wanted.h"
#include "http/admission.h"

#define SEVERAL_PATH "/stream/multi"
#define SEVERAL_MAX SUBSCRIBER_PARTS_MAX

/* One stream that is asked for. Owns what is not said to be borrowed. */
struct several_item {
	char *path; /* decoded, without its query */
	/* its parameters, its own before the request's; without tokens and cursors */
	struct json_object *query;
	struct stream *stream; /* as it is defined now, borrowed */
	struct params params;  /* of path and query; texts of stream, path and query */
	struct wanted wanted;  /* what it may see, and asks for */
	/* path of the stream whose authorize function has said yes to it; NULL: none has */
	char *granted;
	char *params_json; /* params as holder.h keeps them; NULL until several_settle */
};

struct several {
	bool joined; /* in one connection; else there is one */
	size_t count;
	struct several_item items[SEVERAL_MAX];
	struct facet facets[SEVERAL_MAX]; /* of items; since several_settle */
};

/* The query is the request's, its `events` joined (params_join). NULL: *ret_refusal says why. */
struct several *several_of_one(const char *path, const struct params *query,
			       struct refusal *ret_refusal);
struct several *several_parse(const struct params *query, struct refusal *ret_refusal);
void several_free(struct several *s); /* NULL is harmless */

/* Finds each stream, as they are now: what was found earlier may be gone. False: one is not there.
 */
bool several_find(struct several *s, const struct router *r);

bool several_is_anonymous(const struct several *s); /* no stream asks for a token */
bool several_needs_claims(const struct several *s); /* as stream_def_needs_claims */
const char *several_name(const struct several *s);  /* for the log */
/* of what the server says by itself: named, unless all are there and of format message */
enum frame_format several_format(const struct several *s);

/* May this identity have all of them, do they go into one connection, and is there room? They have
 * been found. */
MUST_CHECK bool several_admit(struct several *s, struct outlets *set, const struct identity *id,
			      const char *address, struct refusal *ret_refusal);

/* The next one whose authorize function has not said yes; NULL: none. */
struct several_item *several_unasked(struct several *s);
void several_doubt(struct several *s); /* what they said counts no more */

/* It goes to an outlet: writes down what that needs for as long as it is open. */
void several_settle(struct several *s);
void several_forget_wanted(struct several *s);

#endif
