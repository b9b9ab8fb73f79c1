/* SPDX-License-Identifier: PostgreSQL */
#include "pg/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/replay_page.h"

/* Returns the first catchup in the queue that this connection may read. NULL if there is none. */
static struct catchup *next_catchup(struct replay_worker *w)
{
	bool any = w != &w->replay->workers[0];

	list_each (node, tmp, &w->replay->queue) {
		struct catchup *c = container_of(node, struct catchup, link);

		if (any || !c->doubtful)
			return c;
	}
	return NULL;
}

/* Takes the next catchup, if there is one and the connection is free. */
static void work(struct replay_worker *w)
{
	if (w->session.step != SESSION_READY || !conn_is_free(&w->conn) ||
	    (w->catchup = next_catchup(w)) == NULL)
		return;
	list_remove(&w->catchup->link);
	if (w->catchup->fresh)
		w->catchup->begins(w->catchup);
	w->catchup->fresh = false; /* A server that lags is asked again for the same. */
	w->events = w->bytes = 0;
	w->full = false;
	w->reached = 0;
	w->most = w->catchup->care == CARE_NONE ? REPLAY_PAGE_EVENTS : 1;
	w->replay->pages++;
	replay_page_send(w);
}

static void work_all(struct replay *r)
{
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		work(&r->workers[i]);
}

static void submit(void *ctx, struct catchup *c)
{
	struct replay *r = ctx;

	c->fresh = true;
	list_append(&r->queue, &c->link);
	work_all(r);
}

/* The catchup's next page may have troubles of its own. */
static void forget_troubles(struct catchup *c)
{
	c->care = CARE_NONE;
	c->doubtful = c->cut = false;
	c->early = 0;
}

static void cancel(void *ctx, struct catchup *c)
{
	struct replay *r = ctx;

	list_remove(&c->link);
	forget_troubles(c);
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		if (r->workers[i].catchup == c)
			r->workers[i].catchup = NULL;
}

struct catchup_ops replay_ops(struct replay *r)
{
	return (struct catchup_ops){submit, cancel, r};
}

/* The first row is the cursor itself. It says from where the page really starts, and what is wrong
 * with the cursor. It also says how far the server has come. */
static void take_cursor(struct replay_worker *w, const PGresult *res)
{
	w->reached = decode_int8(res, 10);
	if (!PQgetisnull(res, 0, 3))
		w->fault = xstrndup(PQgetvalue(res, 0, 3), (size_t)PQgetlength(res, 0, 3));
	else if (w->catchup->after.tick == 0)
		w->catchup->after.tick = decode_int8(res, 0);
}

static void on_result(struct conn *c, const PGresult *res)
{
	struct replay_worker *w = container_of(c, struct replay_worker, conn);
	struct event event;

	if (w->session.step != SESSION_READY)
		session_result(&w->session, res);
	if (w->catchup == NULL || w->session.step != SESSION_READY || PQntuples(res) != 1)
		return;
	if (decode_int8(res, 1) == -1) {
		take_cursor(w, res);
		return;
	}
	w->full = w->full || w->bytes > REPLAY_PAGE_BYTES || PQgetisnull(res, 0, 2);
	if (w->full || !decode_event(&w->decode, res, &event))
		return;
	w->events++;
	w->bytes += event.data.len;
	w->catchup->after = event.at;
	w->catchup->event(w->catchup, &event);
}

#define EARLY_AGAIN_MS 50
#define EARLY_MOST 200 /* 10 s in all without progress */
#define CUT_AGAIN_MS 1000

static void on_again(struct timer *t)
{
	struct replay *r = container_of(t, struct replay, again);

	list_splice(&r->queue, &r->early);
	work_all(r);
}

/* Asks for it again after EARLY_AGAIN_MS. False if that was done often enough. */
static bool put_off(struct replay *r, struct catchup *c)
{
	if (++c->early > EARLY_MOST)
		return false;
	list_append(&r->early, &c->link);
	loop_set_timer(r->loop, &r->again, EARLY_AGAIN_MS);
	return true;
}

/* The server no longer moves, and has not reached a tick that another server told the hub of.
 * Nothing is lost. The client comes back for it. */
static void give_up(struct catchup *c, int64_t reached)
{
	char why[160];

	forget_troubles(c);
	snprintf(why, sizeof(why),
		 "the server that it is read from has tick %" PRId64 " and not yet %" PRId64
		 ": is its replication in order?",
		 reached, c->upto_tick);
	c->ended(c, CATCHUP_BEHIND, why);
}

/* The page is over, but the server is a standby that lags. It does not have all that was to be
 * read. */
static void go_on_later(struct replay_worker *w, struct catchup *c)
{
	if (c->after.tick < w->reached) {
		c->after = (struct cursor){w->reached, CURSOR_TICK_END};
		c->early = 0;
	}
	if (!put_off(w->replay, c))
		give_up(c, w->reached);
}

/* The server does not have the cursor. The hub may not have been told of it either. Such a cursor
 * is in the end taken for one that was never given out. */
static void end_later(struct replay_worker *w, struct catchup *c)
{
	if (put_off(w->replay, c))
		return;
	if (c->after.tick <= c->upto_tick) {
		give_up(c, w->reached);
		return;
	}
	forget_troubles(c);
	c->ended(c, CATCHUP_FAULT, "unknown");
}

static void end_catchup(struct replay_worker *w, struct catchup *c, const char *fault)
{
	bool full = w->full || w->events == w->most || w->bytes > REPLAY_PAGE_BYTES;

	if (fault != NULL && strcmp(fault, "later") == 0) {
		end_later(w, c);
	} else if (fault == NULL && !full && w->reached < c->upto_tick) {
		go_on_later(w, c);
	} else {
		forget_troubles(c);
		c->ended(c,
			 fault != NULL ? CATCHUP_FAULT
			 : full        ? CATCHUP_MORE
				       : CATCHUP_ALL,
			 fault);
	}
}

static void end_page(struct replay_worker *w)
{
	struct catchup *c = w->catchup;
	char *fault = w->fault;

	w->catchup = NULL;
	w->fault = NULL;
	if (c != NULL) {
		c->care = CARE_NONE;
		c->doubtful = c->cut = false;
		end_catchup(w, c, fault);
	}
	free(fault);
}

/* The page goes to the end of the queue. If it fails without the data, the change cannot be to
 * blame. */
static void take_care(struct replay_worker *w)
{
	struct catchup *c = w->catchup;

	free(w->fault);
	w->fault = NULL;
	w->catchup = NULL;
	if (c == NULL)
		return;
	c->doubtful = true;
	if (++c->care == CARE_OVER)
		c->ended(c, CATCHUP_FAILED, w->conn.fault);
	else
		submit(w->replay, c);
}

static void on_done(struct conn *c, bool ok)
{
	struct replay_worker *w = container_of(c, struct replay_worker, conn);

	if (!ok && !(w->session.step == SESSION_READY && conn_read_in_vain(c))) {
		conn_drop(c, "a query failed");
		return;
	}
	if (!ok)
		take_care(w);
	else if (w->session.step == SESSION_READY)
		end_page(w);
	else
		session_next(&w->session);
	work(w);
}

static void on_up(struct conn *c)
{
	struct replay_worker *w = container_of(c, struct replay_worker, conn);

	session_begin(&w->session);
}

/*
 * A page that was cut short goes on after its last event, when those that wait have had their turn.
 *
 * The first time, the network may be to blame, and the other connections may be as silent. So this
 * connection, which is soon a new one, may have the page again. If it is not up again after
 * CUT_AGAIN_MS, another one that is idle takes the page.
 */
static void on_lost(struct conn *c)
{
	struct replay_worker *w = container_of(c, struct replay_worker, conn);
	struct catchup *page = w->catchup;

	session_lost(&w->session);
	free(w->fault);
	w->fault = NULL;
	w->catchup = NULL;
	if (page == NULL)
		return;
	page->doubtful = page->cut;
	page->cut = true;
	list_append(&w->replay->queue, &page->link);
	if (page->doubtful)
		work_all(w->replay);
	else if (!timer_pending(&w->replay->again))
		loop_set_timer(w->replay->loop, &w->replay->again, CUT_AGAIN_MS);
}

static const struct conn_calls conn_calls = {
	.up = on_up, .lost = on_lost, .result = on_result, .done = on_done};

void replay_init(struct replay *r, struct loop *loop, const char *conninfo, size_t data_max)
{
	*r = (struct replay){.loop = loop, .data_max = data_max};
	list_init(&r->queue);
	list_init(&r->early);
	timer_init(&r->again, on_again);
	for (size_t i = 0; i < REPLAY_WORKERS; i++) {
		struct replay_worker *w = &r->workers[i];

		w->replay = r;
		decode_init(&w->decode);
		conn_init(&w->conn, loop, conninfo, "pgherald replay", &conn_calls);
		session_init(
			&w->session, &w->conn,
			&(struct session_plan){replay_statements, REPLAY_STATEMENTS, 0, 0, false});
	}
}

void replay_start(struct replay *r)
{
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		conn_start(&r->workers[i].conn);
}

void replay_go_with(struct replay *r, const struct conn *guide)
{
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		conn_go_with(&r->workers[i].conn, guide, false);
}

void replay_pool(struct replay *r)
{
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		session_pool(&r->workers[i].session);
}

void replay_leave(struct replay *r, const char *why)
{
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		conn_leave(&r->workers[i].conn, why);
}

bool replay_is_stuck(const struct replay *r)
{
	bool ready = false;

	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		ready = ready || r->workers[i].session.step == SESSION_READY;
	return !ready && !list_empty(&r->queue);
}

void replay_release(struct replay *r)
{
	loop_stop_timer(r->loop, &r->again);
	for (size_t i = 0; i < REPLAY_WORKERS; i++) {
		conn_stop(&r->workers[i].conn);
		decode_release(&r->workers[i].decode);
		free(r->workers[i].fault);
	}
}
