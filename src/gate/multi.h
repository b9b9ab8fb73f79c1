/* SPDX-License-Identifier: PostgreSQL */
/*
 * multi.h: the streams that one request asks for.
 *
 * There is one, asked for by its own path. Or there are several in one connection, because browsers
 * allow six connections:
 *
 *   GET /stream/multi?paths=/api/events,/api/orders/events%3Fstore%3Dnorth
 *
 * Each path is what a request for that stream alone would have as its target. It is percent-encoded
 * once, as a query value. A query after a path is its own. The request's other parameters count for
 * each path whose query does not say otherwise. `path` means the same as `paths`, and both may be
 * repeated. A comma in a path's own query belongs to it unless a slash follows.
 *
 * What is found and decided is for the moment. It is done again when the database has answered.
 */
#ifndef GATE_MULTI_H
#define GATE_MULTI_H

#include <stdbool.h>

#include "hub/router.h"
#include "hub/wanted.h"
#include "outlet/opening.h"
#include "gate/admission.h"

#define MULTI_MAX SUBSCRIBER_PARTS_MAX

/* One stream that is asked for. Owns what is not called borrowed. */
struct multi_item {
	char *path; /* decoded, without its query */
	/* Its own parameters before the request's, without tokens and cursors. */
	struct json_object *query;
	struct stream *stream; /* as it is defined now; borrowed */
	struct params params;  /* of path and query; borrows texts of stream, path and query */
	struct wanted wanted;  /* what may be seen of it and is asked for */
	/* What the database has said to it, and the path of the stream that it has said that of.
	 * NULL: nothing. */
	char *granted, *listed, *typed;
};

struct multi {
	bool joined; /* asked for by SELECTION_MULTI_PATH; otherwise there is one */
	size_t count;
	struct multi_item items[];
};

/*
 * Makes a multi of the stream that has been found for this path, or of those that the query lists.
 * The query is the request's, with its `events` joined (params_join). NULL if it cannot, and
 * *ret_refusal is the answer, 400. The caller frees it with multi_free.
 */
struct multi *multi_of_one(struct stream *stream, const char *path, const struct params *query,
			   struct refusal *ret_refusal);
struct multi *multi_parse(const struct params *query, struct refusal *ret_refusal);
void multi_free(struct multi *s); /* NULL is harmless */
void multi_item_release(struct multi_item *item);

/* Finds each stream as it is now. What was found earlier may be gone. False if one is not there. */
bool multi_find(struct multi *s, const struct catalog *streams);

/* True if no stream asks for a token. */
bool multi_is_anonymous(const struct multi *s);
const char *multi_name(const struct multi *s); /* for the log */
/*
 * The format of what the server says by itself. It is named unless all streams are there and of
 * format message.
 */
enum frame_format multi_format(const struct multi *s);

/* The database has said yes to the item as the stream of this path. Copies what it said besides. */
void multi_grant(struct multi_item *item, const char *path, const struct entitlement_said *said);
void multi_doubt(struct multi *s); /* what the database said counts no more */

/* Returns the next one of which the database has not said yet what only it can, or NULL. */
struct multi_item *multi_unasked(struct multi *s);

/* Makes a selection, as an outlet owns it. What may be seen of each stream goes over to it. */
struct selection *multi_settle(struct multi *s);

enum multi_verdict { MULTI_ADMITTED, MULTI_REFUSED, MULTI_ASKS };

/*
 * Decides with what is known now:
 *
 *   - ADMITTED means that multi_open may follow;
 *   - REFUSED means that *ret_refusal is the answer;
 *   - ASKS means that only the database knows. *ret_item is to be asked of next.
 */
enum multi_verdict multi_decide(struct multi *s, struct gate *gate, const struct identity *id,
				const char *address, struct multi_item **ret_item,
				struct refusal *ret_refusal);

/*
 * Opens the connection. The caller has set the opening's socket, address and cors. What else is
 * still missing in it is made of these.
 */
void multi_open(struct multi *s, struct gate *gate, const struct identity *id,
		struct opening *opening);

#endif
