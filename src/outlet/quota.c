/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/quota.h"

#include <stdlib.h>
#include <string.h>

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

void quota_init(struct quota *q)
{
	*q = (struct quota){.open = 0};
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
	if (q->open + q->waiting >= limits->max_streams)
		return QUOTA_FULL;
	if (limits->max_streams_per_user > 0 &&
	    count_of(&q->users, user) >= limits->max_streams_per_user)
		return QUOTA_USER_FULL;
	if (limits->max_streams_per_ip > 0 &&
	    count_of(&q->addresses, address) >= limits->max_streams_per_ip)
		return QUOTA_ADDRESS_FULL;
	return QUOTA_ROOM;
}

void quota_reserve(struct quota *q, const char *user, const char *address)
{
	q->waiting++;
	tally_up(&q->users, user);
	tally_up(&q->addresses, address);
}

void quota_unreserve(struct quota *q, const char *user, const char *address)
{
	q->waiting--;
	tally_down(&q->users, user);
	tally_down(&q->addresses, address);
}

void quota_count_in(struct quota *q, const char *user, const char *address, struct list *user_link)
{
	struct tally *t = tally_up(&q->users, user);

	q->open++;
	list_node_init(user_link);
	if (t != NULL)
		list_append(&t->connections, user_link);
	tally_up(&q->addresses, address);
}

void quota_count_out(struct quota *q, const char *user, const char *address, struct list *user_link)
{
	q->open--;
	list_remove(user_link);
	tally_down(&q->users, user);
	tally_down(&q->addresses, address);
}

size_t quota_beside(const struct quota *q, const char *user, const char *address)
{
	return (user != NULL ? count_of(&q->users, user) : count_of(&q->addresses, address)) - 1;
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
