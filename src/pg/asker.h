/* SPDX-License-Identifier: PostgreSQL */
/*
 * asker.h: answers the questions of the outlet room on a few connections, first come first served.
 * What functions of the application answer has connections apart, for those may be slow: slow
 * actions keep nobody from being let in. A connection is made when a question finds all others of
 * its pool busy, so who asks nothing has none. While the database is away questions wait; one that
 * was under way when its connection broke is asked again where that does no harm, else it has
 * failed.
 */
#ifndef PG_ASKER_H
#define PG_ASKER_H

#include <stdint.h>

#include "hub/question.h"
#include "pg/conn.h"
#include "pg/session.h"

#define ASKER_WORKERS 4 /* of each pool */

enum asker_pool_name { ASKER_OWN, ASKER_AUTHORIZE, ASKER_ACTIONS, ASKER_POOLS };

struct asker_worker {
	struct asker_pool *pool;
	struct conn conn;
	struct session session;
	bool started;
	struct question *question;         /* NULL: none, or cancelled while it runs */
	char *values[QUESTION_VALUES_MAX]; /* what has come back for it; owned */
};

struct asker_pool {
	struct list queue; /* struct question */
	struct asker_worker workers[ASKER_WORKERS];
};

struct asker {
	struct asker_pool pools[ASKER_POOLS];
};

void asker_init(struct asker *a, struct loop *loop, const char *conninfo);
void asker_go_with(struct asker *a, const struct conn *guide); /* see conn_go_with; not bound */
void asker_pool(struct asker *a); /* see session_pool; asker_leave has it begin at once */
/* its connections, when what runs has ended; they come back */
void asker_leave(struct asker *a, const char *why);
void asker_release(struct asker *a);

struct question_ops asker_ops(struct asker *a);

#endif
