/* SPDX-License-Identifier: PostgreSQL */
/*
 * list.h: an intrusive doubly linked list.
 *
 * A list is a head, whose links point at itself while it is empty. A node is embedded in its owner.
 * A node that list_node_init has set, and that is in no list, has next == NULL. So it can be asked
 * whether it is linked, and it can be removed twice.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <assert.h>
#include <stdbool.h>

#include "base/base.h"

struct list {
	struct list *prev, *next;
};

static inline void list_init(struct list *head)
{
	head->prev = head->next = head;
}
static inline void list_node_init(struct list *node)
{
	node->prev = node->next = NULL;
}
static inline bool list_linked(const struct list *node)
{
	return node->next != NULL;
}
static inline bool list_empty(const struct list *head)
{
	return head->next == head;
}

/* The node is in no list. */
static inline void list_append(struct list *head, struct list *node)
{
	assert(!list_linked(node)); /* the list that it is in would be torn */
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_remove(struct list *node)
{
	if (!list_linked(node))
		return;
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_node_init(node);
}

/* Moves all nodes of from to the end of to. Then from is empty. */
static inline void list_splice(struct list *to, struct list *from)
{
	if (list_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_first(head, type, member) container_of((head)->next, type, member)

/* Visits each node of the list. The body may remove the node that it stands on, but no other. */
#define list_each(node, tmp, head)                                                \
	for (struct list *node = (head)->next, *tmp = node->next; node != (head); \
	     node = tmp, tmp = node->next)

#endif
