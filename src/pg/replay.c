/* SPDX-License-Identifier: PostgreSQL */
#include "pg/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

static const struct session_statement statements[] = {
	{"page", "SELECT * FROM herald.replay($1::bigint, $2::bigint, $3::bigint, $4::text[], $5::text[],"
		 " $6::text[], $7::text[], $8::text[], $9::text[], $10::int, $11::xid8[])"},
};
enum { PAGE_PARAMS = 11, PARAM_TOPICS = 3, PARAM_EVENTS = 4, PARAM_KEYS = 5, PARAM_MOST = 9, PARAM_SEEN = 10 };

static void add_array(struct buf *text, const char **param, char *const *values, size_t count)
{
	buf_init(text);
	decode_append_array(text, values, count);
	*param = text->data;
}

static void send_page(struct replay_worker *w, const struct catchup *c)
{
	const struct stream_def *def = &c->stream->def;
	char after_tick[24], after_change[24], upto[24], most[24];
	const char *params[PAGE_PARAMS] = {after_tick, after_change, upto, [PARAM_MOST] = most, [PARAM_SEEN] = c->seen};
	struct buf texts[PAGE_PARAMS];

	snprintf(after_tick, sizeof(after_tick), "%" PRId64, c->after.tick);
	snprintf(after_change, sizeof(after_change), "%" PRId64, c->after.change);
	snprintf(upto, sizeof(upto), "%" PRId64, c->upto_tick);
	snprintf(most, sizeof(most), "%d", REPLAY_PAGE_EVENTS);
	for (size_t i = 0; i < PAGE_PARAMS; i++)
		buf_init(&texts[i]);
	add_array(&texts[PARAM_TOPICS], &params[PARAM_TOPICS], def->topics, def->topic_count);
	if (def->events != NULL)
		add_array(&texts[PARAM_EVENTS], &params[PARAM_EVENTS], def->events, def->event_count);
	for (size_t k = 0; k < c->wanted->count; k++)
		add_array(&texts[PARAM_KEYS + k], &params[PARAM_KEYS + k], c->wanted->keys[k].values,
			  c->wanted->keys[k].count);
	conn_run(&w->conn, "page", PAGE_PARAMS, params, CONN_STALL_READ_MS);
	for (size_t i = 0; i < PAGE_PARAMS; i++)
		buf_release(&texts[i]);
}

/* Takes the next catchup, where there is one and the connection is free. */
static void work(struct replay_worker *w)
{
	if (w->session.step != SESSION_READY || w->conn.state != CONN_IDLE || list_empty(&w->replay->queue))
		return;
	w->catchup = list_first(&w->replay->queue, struct catchup, link);
	list_remove(&w->catchup->link);
	w->events = w->bytes = 0;
	w->replay->pages++;
	send_page(w, w->catchup);
}

static void submit(void *ctx, struct catchup *c)
{
	struct replay *r = ctx;

	list_append(&r->queue, &c->link);
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		work(&r->workers[i]);
}

static void cancel(void *ctx, struct catchup *c)
{
	struct replay *r = ctx;

	list_remove(&c->link);
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		if (r->workers[i].catchup == c)
			r->workers[i].catchup = NULL;
}

struct catchup_ops replay_ops(struct replay *r)
{
	return (struct catchup_ops){submit, cancel, r};
}

/* The first row is the cursor itself: from where the page really starts, and what is wrong with it. */
static void take_cursor(struct replay_worker *w, const PGresult *res)
{
	if (!PQgetisnull(res, 0, 3))
		w->fault = xstrndup(PQgetvalue(res, 0, 3), (size_t)PQgetlength(res, 0, 3));
	else if (w->catchup->after.tick == 0)
		w->catchup->after.tick = decode_int8(res, 0);
}

static void on_result(struct conn *c, const PGresult *res)
{
	struct replay_worker *w = container_of(c, struct replay_worker, conn);
	struct event event;

	if (w->catchup == NULL || w->session.step != SESSION_READY || PQntuples(res) != 1)
		return;
	if (decode_int8(res, 1) == -1) {
		take_cursor(w, res);
		return;
	}
	if (w->bytes > REPLAY_PAGE_BYTES || !decode_event(&w->decode, res, &event))
		return;
	w->events++;
	w->bytes += event.data.len;
	w->catchup->after = event.at;
	w->catchup->event(w->catchup, &event);
}

#define EARLY_AGAIN_MS 50
#define EARLY_MOST 200 /* 10 s in all: then the cursor is taken for one that was never given out */

static void on_again(struct timer *t)
{
	struct replay *r = container_of(t, struct replay, again);

	list_splice(&r->queue, &r->early);
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		work(&r->workers[i]);
}

/* A cursor that is ahead of this standby: it is asked for again a little later. */
static bool put_off(struct replay *r, struct catchup *c, const char *fault)
{
	if (fault == NULL || strcmp(fault, "later") != 0 || ++c->early > EARLY_MOST)
		return false;
	list_append(&r->early, &c->link);
	loop_set_timer(r->loop, &r->again, EARLY_AGAIN_MS);
	return true;
}

static void end_page(struct replay_worker *w)
{
	struct catchup *c = w->catchup;
	char *fault = w->fault;

	w->catchup = NULL;
	w->fault = NULL;
	if (c != NULL && !put_off(w->replay, c, fault)) {
		bool full = w->events == REPLAY_PAGE_EVENTS || w->bytes > REPLAY_PAGE_BYTES;

		c->ended(c, fault != NULL ? CATCHUP_FAULT : full ? CATCHUP_MORE : CATCHUP_ALL,
			 fault != NULL && strcmp(fault, "later") == 0 ? "unknown" : fault);
	}
	free(fault);
}

static void on_done(struct conn *c, bool ok)
{
	struct replay_worker *w = container_of(c, struct replay_worker, conn);

	if (!ok) {
		conn_drop(c, "a query failed");
		return;
	}
	if (w->session.step == SESSION_READY)
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

/* A page that was cut short goes on behind its last event, before those that wait. */
static void on_lost(struct conn *c)
{
	struct replay_worker *w = container_of(c, struct replay_worker, conn);
	struct list *queue = &w->replay->queue;

	w->session.step = SESSION_SETUP; /* not ready */
	free(w->fault);
	w->fault = NULL;
	if (w->catchup != NULL)
		list_append(queue->next, &w->catchup->link);
	w->catchup = NULL;
}

static const struct conn_calls conn_calls = {.up = on_up, .lost = on_lost, .result = on_result, .done = on_done};

void replay_init(struct replay *r, struct loop *loop, const char *conninfo)
{
	*r = (struct replay){.loop = loop};
	list_init(&r->queue);
	list_init(&r->early);
	timer_init(&r->again, on_again);
	for (size_t i = 0; i < REPLAY_WORKERS; i++) {
		struct replay_worker *w = &r->workers[i];

		w->replay = r;
		decode_init(&w->decode);
		conn_init(&w->conn, loop, conninfo, "pgherald replay", &conn_calls);
		session_init(&w->session, &w->conn, &(struct session_plan){statements, ARRAY_SIZE(statements), 0, 0, false});
	}
}

void replay_start(struct replay *r)
{
	for (size_t i = 0; i < REPLAY_WORKERS; i++)
		conn_start(&r->workers[i].conn);
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
