/* SPDX-License-Identifier: PostgreSQL */
#include "pg/lanes.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/xalloc.h"

struct lane {
	struct list link; /* of a list of turns, if it may go on */
	struct list questions;
	int running;
	struct buf key;
};

void lanes_init(struct lanes *l)
{
	strmap_init(&l->lanes);
	for (size_t i = 0; i < LANES_MOST; i++)
		list_init(&l->turns[i]);
}

static void free_lane(struct lane *lane)
{
	list_remove(&lane->link);
	buf_release(&lane->key);
	free(lane);
}

static void forget(struct lane *lane)
{
	list_each (node, tmp, &lane->questions)
		list_remove(node);
	free_lane(lane);
}

void lanes_release(struct lanes *l)
{
	strmap_each (struct lane, lane, &l->lanes)
		forget(lane);
	strmap_release(&l->lanes);
}

/* A user and an address of the same letters are not one client. */
static void append_key(struct buf *key, const struct client *c)
{
	buf_append_char(key, c->user != NULL ? 'u' : 'a');
	if (c->user != NULL)
		buf_append_str(key, c->user);
	else if (c->address != NULL)
		buf_append_str(key, c->address);
}

static struct lane *lane_of(struct lanes *l, const struct client *c)
{
	struct lane *lane = xcalloc(1, sizeof(*lane)), *there;

	buf_init(&lane->key);
	append_key(&lane->key, c);
	there = strmap_get(&l->lanes, lane->key.data, lane->key.len);
	if (there != NULL) {
		free_lane(lane);
		return there;
	}
	list_init(&lane->questions);
	strmap_put(&l->lanes, lane->key.data, lane->key.len, lane);
	return lane;
}

/* Lists it where it belongs, behind those whose turn comes before. Or it is over. */
static void settle(struct lanes *l, struct lane *lane)
{
	list_remove(&lane->link);
	if (!list_empty(&lane->questions) && lane->running < LANES_MOST) {
		list_append(&l->turns[lane->running], &lane->link);
	} else if (list_empty(&lane->questions) && lane->running == 0) {
		strmap_remove(&l->lanes, lane->key.data, lane->key.len);
		free_lane(lane);
	}
}

void lanes_add(struct lanes *l, struct question *q)
{
	struct lane *lane = lane_of(l, &q->client);

	q->lane = lane;
	list_append(&lane->questions, &q->link);
	if (!list_linked(&lane->link))
		settle(l, lane);
}

static const struct list *next_turns(const struct lanes *l)
{
	for (size_t i = 0; i < LANES_MOST; i++)
		if (!list_empty(&l->turns[i]))
			return &l->turns[i];
	return NULL;
}

bool lanes_have(const struct lanes *l)
{
	return next_turns(l) != NULL;
}

struct question *lanes_take(struct lanes *l)
{
	const struct list *turns = next_turns(l);
	struct question *q;
	struct lane *lane;

	if (turns == NULL)
		return NULL;
	lane = list_first(turns, struct lane, link);
	q = list_first(&lane->questions, struct question, link);
	list_remove(&q->link);
	lane->running++;
	settle(l, lane);
	return q;
}

void lanes_end(struct lanes *l, struct lane *lane)
{
	lane->running--;
	settle(l, lane);
}

void lanes_put_back(struct lanes *l, struct question *q)
{
	struct lane *lane = q->lane;

	list_append(lane->questions.next, &q->link);
	lanes_end(l, lane);
}

void lanes_remove(struct lanes *l, struct question *q)
{
	if (!list_linked(&q->link))
		return;
	list_remove(&q->link);
	if (list_empty(&q->lane->questions))
		settle(l, q->lane);
}
