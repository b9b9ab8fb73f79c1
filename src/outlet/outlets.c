/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/outlets.h"

#include "outlet/opening.h"

void outlets_init(struct outlets *set)
{
	list_init(&set->open);
	list_init(&set->closed);
	quota_init(&set->quota, set->crew);
	set->reset = opening_reset;
	strmap_init(&set->codes);
	list_init(&set->preludes);
	revocations_init(&set->revocations);
	revocations_init(&set->coming);
	proxycuts_init(&set->proxycuts);
	census_init(&set->census);
	tally_init(&set->tally, set->loop, &set->census);
}

void outlets_release(struct outlets *set)
{
	list_each (node, tmp, &set->open)
		outlet_close(container_of(node, struct outlet, link), NULL);
	outlets_reap(set);
	tally_release(&set->tally);
	census_release(&set->census);
	proxycuts_release(&set->proxycuts);
	quota_release(&set->quota);
	strmap_release(&set->codes);
	revocations_release(&set->revocations);
	revocations_release(&set->coming);
}

bool outlets_accept(const struct outlets *set, struct standing standing)
{
	return standing_holds(&standing, set->options->token.keys, &set->revocations);
}

void outlets_each(struct outlets *set, const char *user, void (*do_it)(struct outlet *o))
{
	struct list *list;

	if (user == NULL) {
		list_each (node, tmp, &set->open)
			do_it(container_of(node, struct outlet, link));
		return;
	}
	list = quota_take_list(&set->quota, user);
	if (list == NULL)
		return;
	list_each (node, tmp, list)
		do_it(container_of(node, struct outlet, user_link));
	quota_put_back(&set->quota, user);
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
	list_each (node, tmp, &set->router->catalog.gone)
		close_subscribers(container_of(node, struct stream, link), "changed");
}

void outlets_close_holed(struct outlets *set)
{
	strmap_each (struct stream, s, &set->router->catalog.streams) {
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
