/* SPDX-License-Identifier: PostgreSQL */
/*
 * asker.h: answers the questions of other rooms (hub/question.h) on a few connections.
 *
 * Questions wait in lanes (lanes.h), so that no client keeps another one waiting for long. There
 * are four pools, and each has up to ASKER_WORKERS connections. Authorize functions, actions and
 * looks (look.h) have pools of their own, because functions and triggers of the application may be
 * slow. So slow actions keep nobody from being let in. A pool makes a connection when a question
 * finds all its others busy. A daemon that asks nothing has none, but for that of looks.
 *
 * What such a function leaves in its session is taken back before the next question. The answer
 * does not wait for that.
 *
 * While the database is away, questions wait. If a connection breaks while a question runs, the
 * question is asked again if that does no harm. Otherwise it has failed.
 *
 * The owner of a question keeps it until it is answered or cancelled.
 */
#ifndef PG_ASKER_H
#define PG_ASKER_H

#include <stdint.h>

#include "base/histogram.h"
#include "hub/question.h"
#include "pg/conn.h"
#include "pg/lanes.h"
#include "pg/session.h"

#define ASKER_WORKERS 4 /* of each pool */

/* What only the database can say of a stream and who asks for it: path, claims, params, values to
 * compare or NULL. `pgherald explain` asks it too. */
#define ASKER_ASKED_SQL                                   \
	"SELECT allowed::text, listed::text, typed::text" \
	" FROM herald.asked($1, $2::jsonb, $3::jsonb, $4::jsonb)"

enum asker_pool_name { ASKER_OWN, ASKER_AUTHORIZE, ASKER_ACTIONS, ASKER_LOOK, ASKER_POOLS };

struct asker_worker {
	struct asker_pool *pool;
	struct conn conn;
	struct session session;
	bool started;
	struct lane *lane;         /* of what runs; NULL if nothing does */
	struct question *question; /* NULL if there is none, or if it was cancelled while it runs */
	char *values[QUESTION_VALUES_MAX]; /* what has come back for it; owned */
};

struct asker_pool {
	struct lanes queue;
	struct histogram
		times; /* of questions, from when they were asked until they were answered */
	struct asker_worker workers[ASKER_WORKERS];
};

struct asker {
	struct asker_pool pools[ASKER_POOLS];
};

/* conninfo is borrowed. */
void asker_init(struct asker *a, struct loop *loop, const char *conninfo);
void asker_go_with(struct asker *a, const struct conn *guide); /* see conn_go_with; not bound */
/* See session_pool. asker_leave makes it begin at once. */
void asker_pool(struct asker *a);
/* Ends its connections, each when its query has ended. They are made again. why is for the log, and
 * is borrowed until then. */
void asker_leave(struct asker *a, const char *why);
void asker_release(struct asker *a);

/* Do questions of clients wait in a pool that has no session? */
bool asker_is_stuck(const struct asker *a);

struct question_ops asker_ops(struct asker *a);

#endif
