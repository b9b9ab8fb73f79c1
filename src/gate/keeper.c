/* SPDX-License-Identifier: PostgreSQL */
#include "gate/keeper.h"

#include <json-c/json.h>

#include "auth/json.h"
#include "outlet/outlets.h"
#include "outlet/tenure.h"
#include "gate/contract.h"
#include "gate/waiter.h"

void keeper_open(struct gate *g)
{
	list_init(&g->waiters);
	list_init(&g->waiters_over);
	g->contract = contract_new();
	refusal_stats_init(&g->refusals, g->loop);
}

void keeper_close(struct gate *g)
{
	list_each (node, tmp, &g->waiters)
		waiter_drop(container_of(node, struct waiter, link));
	waiter_reap(g);
	actions_release(&g->actions);
	contract_free(g->contract, g->questions);
	refusal_stats_release(&g->refusals);
}

/* A right of this subject, or of all, may have changed since it was asked for. */
static void doubt(struct gate *g, struct text data)
{
	struct json_object *recheck = json_parse(data.bytes, data.len), *sub = NULL;

	json_object_object_get_ex(recheck, "sub", &sub);
	waiter_doubt(g, sub == NULL ? NULL : json_object_get_string(sub));
	json_object_put(recheck);
}

bool keeper_hear(struct gate *g, const struct event *event)
{
	if (text_is(event->name, "recheck"))
		doubt(g, event->data);
	return tenure_hear(g->outlets, event);
}

void keeper_streams_changed(struct gate *g)
{
	if (!list_empty(&g->outlets->router->catalog.gone))
		waiter_doubt(g, NULL);
	outlets_close_gone(g->outlets);
}

void keeper_keys_came(struct gate *g)
{
	list_each (node, tmp, &g->waiters) {
		struct waiter *w = container_of(node, struct waiter, link);

		if (w->keys_came != NULL)
			w->keys_came(w);
	}
}

void keeper_drain(struct gate *g)
{
	waiter_drain(g);
	outlets_drain(g->outlets);
}

void keeper_reap(struct gate *g)
{
	outlets_reap(g->outlets);
	waiter_reap(g);
}
