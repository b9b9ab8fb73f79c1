/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/outlets.h"

#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/xalloc.h"
#include "outlet/opening.h"

/*
 * How many connections one user, or one address, has. Its map owns it. It is there as long as the
 * count is not 0.
 */
struct tally {
	size_t count;
	struct list outlets; /* empty for an address */
};

void outlets_init(struct outlets *set)
{
	list_init(&set->open);
	list_init(&set->closed);
	strmap_init(&set->users);
	strmap_init(&set->addresses);
	strmap_init(&set->codes);
	list_init(&set->preludes);
	revocations_init(&set->revocations);
	revocations_init(&set->coming);
	proxycuts_init(&set->proxycuts);
	census_init(&set->census);
}

void outlets_release(struct outlets *set)
{
	list_each (node, tmp, &set->open)
		outlet_close(container_of(node, struct outlet, link), NULL);
	outlets_reap(set);
	census_release(&set->census);
	proxycuts_release(&set->proxycuts);
	strmap_release(&set->users);
	strmap_release(&set->addresses);
	strmap_release(&set->codes);
	revocations_release(&set->revocations);
	revocations_release(&set->coming);
}

static size_t tally_of(const struct strmap *map, const char *name)
{
	const struct tally *t = name == NULL ? NULL : strmap_get(map, name, strlen(name));

	return t == NULL ? 0 : t->count;
}

static struct tally *tally_up(struct strmap *map, const char *name)
{
	struct tally *t;

	if (name == NULL)
		return NULL;
	t = strmap_get(map, name, strlen(name));
	if (t == NULL) {
		t = xcalloc(1, sizeof(*t));
		list_init(&t->outlets);
		strmap_put(map, name, strlen(name), t);
	}
	t->count++;
	return t;
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

	if (set->draining || set->count + set->waiting >= o->max_streams)
		return OUTLETS_FULL;
	if (o->max_streams_per_user > 0 && tally_of(&set->users, user) >= o->max_streams_per_user)
		return OUTLETS_USER_FULL;
	if (o->max_streams_per_ip > 0 &&
	    tally_of(&set->addresses, address) >= o->max_streams_per_ip)
		return OUTLETS_ADDRESS_FULL;
	return OUTLETS_ROOM;
}

void outlets_reserve(struct outlets *set, const char *user, const char *address)
{
	set->waiting++;
	tally_up(&set->users, user);
	tally_up(&set->addresses, address);
}

void outlets_unreserve(struct outlets *set, const char *user, const char *address)
{
	set->waiting--;
	tally_down(&set->users, user);
	tally_down(&set->addresses, address);
}

void outlets_count_in(struct outlets *set, struct outlet *o)
{
	struct tally *user = tally_up(&set->users, o->holder.user);

	o->number = ++set->opened;
	set->count++;
	list_node_init(&o->user_link);
	if (user != NULL)
		list_append(&user->outlets, &o->user_link);
	tally_up(&set->addresses, o->address);
	list_append(&set->open, &o->link);
}

void outlets_count_out(struct outlets *set, struct outlet *o)
{
	set->count--;
	outlets_take_code(set, o);
	list_remove(&o->user_link);
	tally_down(&set->users, o->holder.user);
	tally_down(&set->addresses, o->address);
	list_remove(&o->link);
	list_append(&set->closed, &o->link);
}

bool outlets_accept(const struct outlets *set, struct standing standing)
{
	return standing_holds(&standing, set->options->token.keys, &set->revocations);
}

size_t outlets_beside(const struct outlets *set, const struct outlet *o)
{
	const char *user = o->holder.user;

	return (user != NULL ? tally_of(&set->users, user)
			     : tally_of(&set->addresses, o->address)) -
	       1;
}

void outlets_each(struct outlets *set, const char *user, void (*do_it)(struct outlet *o))
{
	struct tally *t = user == NULL ? NULL : strmap_get(&set->users, user, strlen(user));

	if (user == NULL) {
		list_each (node, tmp, &set->open)
			do_it(container_of(node, struct outlet, link));
		return;
	}
	if (t == NULL)
		return;
	t->count++; /* the tally stays while its list is walked */
	list_each (node, tmp, &t->outlets)
		do_it(container_of(node, struct outlet, user_link));
	tally_down(&set->users, user);
}

void outlets_give_code(struct outlets *set, struct outlet *o)
{
	char code[SECRET_TEXT_MAX];

	secret_make(code);
	o->code = xstrdup(code);
	strmap_put(&set->codes, code, strlen(code), o);
}

void outlets_take_code(struct outlets *set, struct outlet *o)
{
	if (o->code != NULL)
		strmap_remove(&set->codes, o->code, strlen(o->code));
	free(o->code);
	o->code = NULL;
}

struct outlet *outlets_find_code(const struct outlets *set, const char *code)
{
	return strmap_get(&set->codes, code, strlen(code));
}

void outlets_flush(struct outlets *set)
{
	struct list now;

	/* What is touched during this has its turn in the next round. */
	router_take_touched(set->router, &now);
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

static void close_subscribers(struct stream *s, const char *reason)
{
	struct list all;

	/*
	 * A connection that ends takes all its parts out of the list. One of them may be the next
	 * in the list. So the list is not walked, but taken apart.
	 */
	list_init(&all);
	list_splice(&all, &s->subscribers);
	while (!list_empty(&all)) {
		struct part *part = list_first(&all, struct part, link);

		list_remove(&part->link);
		list_append(&s->subscribers, &part->link);
		outlet_close(container_of(part->subscriber, struct outlet, sub), reason);
	}
}

void outlets_close_gone(struct outlets *set)
{
	list_each (node, tmp, &set->router->gone)
		close_subscribers(container_of(node, struct stream, link), "changed");
}

void outlets_close_holed(struct outlets *set)
{
	struct stream *s;

	for (size_t i = 0; (s = strmap_next(&set->router->streams, &i)) != NULL;) {
		if (s->holed)
			close_subscribers(s, "fault");
		s->holed = false;
	}
	set->router->holed = false;
}

void outlets_reset_all(struct outlets *set, const char *reason)
{
	list_each (node, tmp, &set->open)
		opening_reset(container_of(node, struct outlet, link), reason);
}

void outlets_drain(struct outlets *set)
{
	set->draining = true;
	list_each (node, tmp, &set->open)
		outlet_close(container_of(node, struct outlet, link), "shutdown");
}
