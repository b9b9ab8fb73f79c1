/* SPDX-License-Identifier: PostgreSQL */
/*
 * multi.h: the streams that one request asks for: one by its own path, or several in one
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
#ifndef GATE_MULTI_H
#define GATE_MULTI_H

#include <stdbool.h>

#include "hub/router.h"
#include "hub/wanted.h"
#include "outlet/opening.h"
#include "gate/admission.h"

#define MULTI_MAX SUBSCRIBER_PARTS_MAX

/* One stream that is asked for. Owns what is not said to be borrowed. */
struct multi_item {
	char *path; /* decoded, without its query */
	/* its parameters, its own before the request's; without tokens and cursors */
	struct json_object *query;
	struct stream *stream; /* as it is defined now, borrowed */
	struct params params;  /* of path and query; texts of stream, path and query */
	struct wanted wanted;  /* what it may see, and asks for */
	/* path of the stream whose authorize function has said yes to it; NULL: none has */
	char *granted;
};

struct multi {
	bool joined; /* in one connection; else there is one */
	size_t count;
	struct multi_item items[];
};

/* The query is the request's, its `events` joined (params_join). NULL: *ret_refusal says why. Of
 * the stream that has been found for this path, or of those that the query lists. */
struct multi *multi_of_one(struct stream *stream, const char *path, const struct params *query,
			   struct refusal *ret_refusal);
struct multi *multi_parse(const struct params *query, struct refusal *ret_refusal);
void multi_free(struct multi *s); /* NULL is harmless */

/* Finds each stream, as they are now: what was found earlier may be gone. False: one is not there.
 */
bool multi_find(struct multi *s, const struct router *r);

bool multi_is_anonymous(const struct multi *s); /* no stream asks for a token */
const char *multi_name(const struct multi *s);  /* for the log */
/* of what the server says by itself: named, unless all are there and of format message */
enum frame_format multi_format(const struct multi *s);

void multi_doubt(struct multi *s); /* what they said counts no more */

/* The next one whose authorize function has not said yes; NULL: none. */
struct multi_item *multi_unasked(struct multi *s);

/* As an outlet has it, which owns what this returns; what may be seen of each stream goes along. */
struct selection *multi_settle(struct multi *s);

enum multi_verdict { MULTI_ADMITTED, MULTI_REFUSED, MULTI_ASKS };

/*
 * With what is known now. ADMITTED: multi_open may follow. REFUSED: *ret_refusal says why. ASKS:
 * only the database knows; *ret_item is the one whose function is to be asked next.
 */
enum multi_verdict multi_decide(struct multi *s, struct gate *gate, const struct identity *id,
				const char *address, struct multi_item **ret_item,
				struct refusal *ret_refusal);

/* Opens the connection: what is still missing of the opening, its socket, address and cors apart,
 * is made of these. */
void multi_open(struct multi *s, struct gate *gate, const struct identity *id,
		struct opening *opening);

#endif
