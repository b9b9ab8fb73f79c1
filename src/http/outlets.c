/* SPDX-License-Identifier: PostgreSQL */
#include "http/outlets.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* How many streams one user, or one address, has. Owned by its map, there as long as it is not 0. */
struct tally {
	size_t count;
};

void outlets_init(struct outlets *set, struct loop *loop, struct router *router, const struct http_options *options,
		  struct catchup_ops catchup)
{
	*set = (struct outlets){.loop = loop, .router = router, .options = options, .catchup = catchup};
	list_init(&set->open);
	list_init(&set->closed);
	strmap_init(&set->users);
	strmap_init(&set->addresses);
}

void outlets_release(struct outlets *set)
{
	list_each (node, tmp, &set->open)
		outlet_close(container_of(node, struct outlet, link), NULL);
	outlets_reap(set);
	strmap_release(&set->users);
	strmap_release(&set->addresses);
}

static size_t tally_of(const struct strmap *map, const char *name)
{
	const struct tally *t = name == NULL ? NULL : strmap_get(map, name, strlen(name));

	return t == NULL ? 0 : t->count;
}

static void tally_up(struct strmap *map, const char *name)
{
	struct tally *t;

	if (name == NULL)
		return;
	t = strmap_get(map, name, strlen(name));
	if (t == NULL) {
		t = xcalloc(1, sizeof(*t));
		strmap_put(map, name, strlen(name), t);
	}
	t->count++;
}

static void tally_down(struct strmap *map, const char *name)
{
	struct tally *t = name == NULL ? NULL : strmap_get(map, name, strlen(name));

	if (t != NULL && --t->count == 0)
		free(strmap_remove(map, name, strlen(name)));
}

enum outlets_room outlets_room(const struct outlets *set, const char *user, const char *address)
{
	const struct http_options *o = set->options;

	if (set->draining || set->count >= o->max_streams)
		return OUTLETS_FULL;
	if (o->max_streams_per_user > 0 && tally_of(&set->users, user) >= o->max_streams_per_user)
		return OUTLETS_USER_FULL;
	if (o->max_streams_per_ip > 0 && tally_of(&set->addresses, address) >= o->max_streams_per_ip)
		return OUTLETS_ADDRESS_FULL;
	return OUTLETS_ROOM;
}

void outlets_count_in(struct outlets *set, struct outlet *o)
{
	o->number = ++set->opened;
	set->count++;
	tally_up(&set->users, o->user);
	tally_up(&set->addresses, o->address);
	list_append(&set->open, &o->link);
}

void outlets_count_out(struct outlets *set, struct outlet *o)
{
	set->count--;
	tally_down(&set->users, o->user);
	tally_down(&set->addresses, o->address);
	list_remove(&o->link);
	list_append(&set->closed, &o->link);
}

void outlets_flush(struct outlets *set)
{
	struct list now;

	/* What is touched while this goes on has its turn in the next round. */
	list_init(&now);
	list_splice(&now, &set->router->touched);
	while (!list_empty(&now)) {
		struct subscriber *sub = list_first(&now, struct subscriber, touched);

		list_remove(&sub->touched);
		outlet_flush(container_of(sub, struct outlet, sub));
	}
}

void outlets_reap(struct outlets *set)
{
	list_each (node, tmp, &set->closed) {
		list_remove(node);
		outlet_free(container_of(node, struct outlet, link));
	}
}

void outlets_close_gone(struct outlets *set)
{
	list_each (node, tmp, &set->router->gone) {
		struct stream *s = container_of(node, struct stream, link);

		list_each (member, next, &s->subscribers)
			outlet_close(container_of(container_of(member, struct subscriber, link), struct outlet, sub),
				     "changed");
	}
}

void outlets_reset_all(struct outlets *set, const char *reason)
{
	list_each (node, tmp, &set->open)
		outlet_reset(container_of(node, struct outlet, link), reason);
}

void outlets_drain(struct outlets *set)
{
	set->draining = true;
	list_each (node, tmp, &set->open)
		outlet_close(container_of(node, struct outlet, link), "shutdown");
}
