/* SPDX-License-Identifier: PostgreSQL */
/*
 * lanes.h: questions that wait, each client's in a lane of its own.
 *
 * The next one is of a client that has the fewest running. Of several such clients, it is the one
 * whose turn was longest ago. So a client with many questions keeps one with few waiting for no
 * more than what runs. A client's own questions keep their order.
 *
 * The work for a question does not depend on how many wait.
 */
#ifndef PG_LANES_H
#define PG_LANES_H

#include "base/strmap.h"
#include "hub/question.h"

#define LANES_MOST 4 /* questions that run at once */

struct lane;

struct lanes {
	struct strmap lanes; /* by client; a lane is there while a question of it waits or runs */
	struct list turns[LANES_MOST]; /* lanes that may go on, by how many they have running */
};

void lanes_init(struct lanes *l);
/* The questions are their owners'. */
void lanes_release(struct lanes *l);

/* Reads the question's client, which needs not stay. */
void lanes_add(struct lanes *l, struct question *q);
/* NULL if there is none. Otherwise lanes_end follows with its lane, or lanes_put_back. */
struct question *lanes_take(struct lanes *l);
/* True if lanes_take would give one. */
MUST_CHECK bool lanes_have(const struct lanes *l);
/* A question of this lane runs no more. */
void lanes_end(struct lanes *l, struct lane *lane);
/* It begins anew, before the others of its client. Its owner has not cancelled it. */
void lanes_put_back(struct lanes *l, struct question *q);
/* Harmless if it does not wait. */
void lanes_remove(struct lanes *l, struct question *q);

#endif
