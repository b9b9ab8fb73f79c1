/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/quota.h"

#include <stdlib.h>
#include <string.h>

#include "base/crew.h"
#include "base/xalloc.h"
#include "http/options.h"

/*
 * How many connections one user, or one address, has. Its map owns it. It is there as long as the
 * count is not 0.
 */
struct tally {
	size_t count;
	struct list connections; /* empty for an address */
};

void quota_init(struct quota *q, struct crew *crew)
{
	*q = (struct quota){.crew = crew};
	strmap_init(&q->users);
	strmap_init(&q->addresses);
}

void quota_release(struct quota *q)
{
	strmap_release(&q->users);
	strmap_release(&q->addresses);
}

static struct tally *tally_of(const struct strmap *map, const char *name)
{
	return name == NULL ? NULL : strmap_get(map, name, strlen(name));
}

static size_t count_of(const struct strmap *map, const char *name)
{
	const struct tally *t = tally_of(map, name);

	return t == NULL ? 0 : t->count;
}

size_t quota_open(const struct quota *q)
{
	return q->open + crew_open_at_others(q->crew, false);
}

/* The connections of all workers, and the requests that may become one. */
static size_t all_of(const struct quota *q)
{
	return q->open + q->waiting + crew_open_at_others(q->crew, true);
}

static size_t user_count(const struct quota *q, const char *user)
{
	return count_of(&q->users, user) + crew_count_of_others(q->crew, CREW_USER, user);
}

static size_t address_count(const struct quota *q, const char *address)
{
	return count_of(&q->addresses, address) +
	       crew_count_of_others(q->crew, CREW_ADDRESS, address);
}

static struct tally *tally_up(struct strmap *map, const char *name)
{
	struct tally *t = tally_of(map, name);

	if (name == NULL)
		return NULL;
	if (t == NULL) {
		t = xcalloc(1, sizeof(*t));
		list_init(&t->connections);
		strmap_put(map, name, strlen(name), t);
	}
	t->count++;
	return t;
}

static void tally_down(struct strmap *map, const char *name)
{
	struct tally *t = tally_of(map, name);

	if (t != NULL && --t->count == 0)
		free(strmap_remove(map, name, strlen(name)));
}

enum quota_room quota_room(const struct quota *q, const struct http_options *limits,
			   const char *user, const char *address)
{
	if (all_of(q) >= limits->max_streams)
		return QUOTA_FULL;
	if (limits->max_streams_per_user > 0 && user_count(q, user) >= limits->max_streams_per_user)
		return QUOTA_USER_FULL;
	if (limits->max_streams_per_ip > 0 &&
	    address_count(q, address) >= limits->max_streams_per_ip)
		return QUOTA_ADDRESS_FULL;
	return QUOTA_ROOM;
}

/* Counts one more of both. Returns the user's, which an anonymous one has not. */
static struct tally *both_up(struct quota *q, const char *user, const char *address)
{
	tally_up(&q->addresses, address);
	crew_count_up(q->crew, CREW_ADDRESS, address);
	crew_count_up(q->crew, CREW_USER, user);
	crew_say_open(q->crew, q->open, q->waiting);
	return tally_up(&q->users, user);
}

static void both_down(struct quota *q, const char *user, const char *address)
{
	tally_down(&q->addresses, address);
	tally_down(&q->users, user);
	crew_count_down(q->crew, CREW_ADDRESS, address);
	crew_count_down(q->crew, CREW_USER, user);
	crew_say_open(q->crew, q->open, q->waiting);
}

void quota_reserve(struct quota *q, const char *user, const char *address)
{
	q->waiting++;
	both_up(q, user, address);
}

void quota_unreserve(struct quota *q, const char *user, const char *address)
{
	q->waiting--;
	both_down(q, user, address);
}

void quota_count_in(struct quota *q, const char *user, const char *address, struct list *user_link)
{
	struct tally *t;

	q->open++;
	t = both_up(q, user, address);
	list_node_init(user_link);
	if (t != NULL)
		list_append(&t->connections, user_link);
}

void quota_count_out(struct quota *q, const char *user, const char *address, struct list *user_link)
{
	q->open--;
	list_remove(user_link);
	both_down(q, user, address);
}

size_t quota_beside(const struct quota *q, const char *user, const char *address)
{
	return (user != NULL ? user_count(q, user) : address_count(q, address)) - 1;
}

struct list *quota_take_list(struct quota *q, const char *user)
{
	struct tally *t = tally_of(&q->users, user);

	if (t == NULL)
		return NULL;
	t->count++;
	return &t->connections;
}

void quota_put_back(struct quota *q, const char *user)
{
	tally_down(&q->users, user);
}
