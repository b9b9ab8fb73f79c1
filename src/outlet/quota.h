/* SPDX-License-Identifier: PostgreSQL */
/*
 * quota.h: how many connections the process, a user and an address have, and may have.
 *
 * The limits (`max-streams` and others) are of connections. With several streams, a connection
 * counts once. A request that waits for the database may be counted, too. So nobody has more of
 * both than of connections.
 *
 * Limits are of all workers of the program together. Two workers that let somebody in at the same
 * moment do not know of each other yet. So a limit may be passed by one for each other worker.
 *
 * A user of NULL is not counted as a user. Nothing here fails.
 */
#ifndef OUTLET_QUOTA_H
#define OUTLET_QUOTA_H

#include <stddef.h>

#include "base/list.h"
#include "base/strmap.h"

struct crew;
struct http_options;

struct quota {
	size_t open;                    /* connections */
	size_t waiting;                 /* requests that may become connections */
	struct strmap users, addresses; /* values are struct tally (quota.c) */
	struct crew *crew;              /* borrowed; NULL if this process is the only worker */
};

void quota_init(struct quota *q, struct crew *crew);
void quota_release(struct quota *q);

/* Returns the connections of all workers. */
size_t quota_open(const struct quota *q);

enum quota_room { QUOTA_ROOM, QUOTA_FULL, QUOTA_USER_FULL, QUOTA_ADDRESS_FULL };

/* Is there room for one more connection of this user from this address? */
enum quota_room quota_room(const struct quota *q, const struct http_options *limits,
			   const char *user, const char *address);

/* Counts a request that waits, and that it waits no more. */
void quota_reserve(struct quota *q, const char *user, const char *address);
void quota_unreserve(struct quota *q, const char *user, const char *address);

/*
 * Counts a connection, and that it is closed. user_link joins the list of its user's connections,
 * unless it is anonymous.
 */
void quota_count_in(struct quota *q, const char *user, const char *address, struct list *user_link);
void quota_count_out(struct quota *q, const char *user, const char *address,
		     struct list *user_link);

/*
 * Returns how many other connections this user has, with requests that wait. For an anonymous one,
 * it is those of its address.
 */
size_t quota_beside(const struct quota *q, const char *user, const char *address);

/*
 * Returns the list of this user's connections, which stays until quota_put_back. NULL if there are
 * none.
 */
struct list *quota_take_list(struct quota *q, const char *user);
void quota_put_back(struct quota *q, const char *user);

#endif
