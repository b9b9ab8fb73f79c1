/* SPDX-License-Identifier: PostgreSQL */
/*
 * client.h: for whom the database is asked, so that nobody takes all of its few connections.
 *
 * A user is one client, wherever it comes from. Without a user, an address is one.
 */
#ifndef HUB_CLIENT_H
#define HUB_CLIENT_H

#include <stdbool.h>
#include <string.h>

struct client {
	const char *user;    /* NULL if anonymous */
	const char *address; /* NULL if it is not known, or if it is nobody's question */
};

static inline bool client_texts_equal(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static inline bool client_is_same(const struct client *a, const struct client *b)
{
	return client_texts_equal(a->user, b->user) &&
	       (a->user != NULL || client_texts_equal(a->address, b->address));
}

#endif
