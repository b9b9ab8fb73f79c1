/* SPDX-License-Identifier: PostgreSQL */
#include "pg/snapshots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "pg/decode.h"

static const struct session_statement statements[] = {
	{"tick", "SELECT herald.tick()"},
	{"note", "SELECT tick, upto, told, seen::text FROM herald.snapshot($1, $2::jsonb, "
		 "$3::jsonb, $4::bigint)"},
};

/* A daemon that freezes must not hold the transaction for ever. Nobody takes 60 s between two
 * portions. */
#define BEGIN_SQL                                                     \
	"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL " \
	"idle_in_transaction_session_timeout = 60000"

static bool may_begin(const struct snapshots *s, const struct snapshot *snapshot)
{
	const struct client *client = &snapshot->client;
	int of_client = 0, of_address = 0;

	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++) {
		const struct snapshot *other = s->workers[i].snapshot;

		of_client += other != NULL && client_is_same(&other->client, client);
		of_address +=
			other != NULL && client_texts_equal(other->client.address, client->address);
	}
	return of_client < SNAPSHOTS_PER_CLIENT && of_address < SNAPSHOTS_PER_ADDRESS;
}

/* Returns the next one whose turn it is. NULL if there is none. */
static struct snapshot *find_next(struct snapshots *s)
{
	list_each (node, tmp, &s->queue) {
		struct snapshot *snapshot = container_of(node, struct snapshot, link);

		if (may_begin(s, snapshot))
			return snapshot;
	}
	return NULL;
}

/* Takes a snapshot, if the connection is free. */
static void work(struct snapshots_worker *w, struct snapshot *snapshot)
{
	if (!w->started || w->session.step != SESSION_READY || !conn_is_free(&w->conn) ||
	    w->step != SNAPSHOTS_REST)
		return;
	w->snapshot = snapshot;
	list_remove(&snapshot->link);
	w->step = SNAPSHOTS_TICK;
	conn_run(&w->conn, "tick", 0, NULL, CONN_STALL_MS);
}

/* Gives the queue to the connections that are free. If snapshots are left, it starts one more. */
static void hand_out(struct snapshots *s)
{
	struct snapshots_worker *idle = NULL;
	struct snapshot *next_one = find_next(s);

	for (size_t i = 0; i < SNAPSHOTS_WORKERS && next_one != NULL; i++) {
		work(&s->workers[i], next_one);
		if (!list_linked(&next_one->link))
			next_one = find_next(s);
		if (idle == NULL && !s->workers[i].started)
			idle = &s->workers[i];
	}
	if (idle != NULL && next_one != NULL) {
		idle->started = true;
		conn_start(&idle->conn);
	}
	if (next_one == NULL)
		loop_stop_timer(s->loop, &s->look);
	else if (idle == NULL && !timer_pending(&s->look))
		loop_set_timer(s->loop, &s->look, SNAPSHOTS_LOOK_MS);
}

static void end_transaction(struct snapshots_worker *w)
{
	w->step = SNAPSHOTS_END;
	conn_script(&w->conn, "ROLLBACK"); /* it has written nothing */
}

/* --- the door --- */

static void submit(void *ctx, struct snapshot *snapshot)
{
	struct snapshots *s = ctx;

	list_append(&s->queue, &snapshot->link);
	hand_out(s);
}

static struct snapshots_worker *worker_of(struct snapshots *s, const struct snapshot *snapshot)
{
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++)
		if (s->workers[i].snapshot == snapshot)
			return &s->workers[i];
	return NULL;
}

int snapshots_rows(int got, size_t bytes)
{
	size_t each = got > 0 ? bytes / (size_t)got + 1 : 1, rows = SNAPSHOTS_PORTION / each;

	return rows == 0 ? 1 : rows > SNAPSHOTS_MOST_ROWS ? SNAPSHOTS_MOST_ROWS : (int)rows;
}

static void next(void *ctx, struct snapshot *snapshot)
{
	struct snapshots_worker *w = worker_of(ctx, snapshot);
	char sql[64];

	if (w->since_ms == 0)
		w->since_ms = w->conn.loop->now_ms;
	w->asked = w->got > 0 ? snapshots_rows(w->got, w->bytes) : SNAPSHOTS_FIRST_ROWS;
	w->got = 0;
	w->bytes = 0;
	w->step = SNAPSHOTS_FETCH;
	snprintf(sql, sizeof(sql), "FETCH %d FROM herald_items", w->asked);
	conn_script(&w->conn, sql);
}

static void cancel(void *ctx, struct snapshot *snapshot)
{
	struct snapshots_worker *w = worker_of(ctx, snapshot);

	list_remove(&snapshot->link);
	if (w == NULL)
		return;
	w->snapshot = NULL;
	if (w->step == SNAPSHOTS_HOLD)
		end_transaction(w);
}

struct snapshot_ops snapshots_ops(struct snapshots *s)
{
	return (struct snapshot_ops){submit, next, cancel, s};
}

/* --- what comes back --- */

static void take_note(struct snapshots_worker *w, const PGresult *res)
{
	free(w->seen);
	w->seen = PQgetisnull(res, 0, 3)
			  ? NULL
			  : xstrndup(PQgetvalue(res, 0, 3), (size_t)PQgetlength(res, 0, 3));
	w->note = (struct snapshot_note){
		{decode_int8(res, 0), decode_int8(res, 1)}, decode_int8(res, 2), w->seen};
}

/* A function may return NULL among its items. It is passed on as JSON's null. */
static void take_items(struct snapshots_worker *w, const PGresult *res)
{
	for (int row = 0; row < PQntuples(res); row++) {
		struct text item = {PQgetvalue(res, row, 0), (size_t)PQgetlength(res, row, 0)};

		if (PQgetisnull(res, row, 0))
			item = (struct text){"null", 4};
		w->got++;
		w->bytes += item.len;
		w->total += (int64_t)item.len;
		if (w->snapshot != NULL)
			w->snapshot->item(w->snapshot, item);
	}
}

static void on_result(struct conn *c, const PGresult *res)
{
	struct snapshots_worker *w = container_of(c, struct snapshots_worker, conn);

	if (w->session.step != SESSION_READY)
		session_result(&w->session, res);
	else if (w->step == SNAPSHOTS_NOTE && PQntuples(res) == 1)
		take_note(w, res);
	else if (w->step == SNAPSHOTS_FETCH)
		take_items(w, res);
}

static void end(struct snapshots_worker *w, enum snapshot_end how)
{
	struct snapshot *snapshot = w->snapshot;

	w->snapshot = NULL;
	end_transaction(w);
	snapshot->ended(snapshot, how, w->conn.fault);
}

/* The owner calls next, at once or when it likes. */
static void hold(struct snapshots_worker *w)
{
	w->step = SNAPSHOTS_HOLD;
	w->got = 0;
	w->since_ms = w->total = 0;
	w->snapshot->noted(w->snapshot, &w->note);
}

/* True if its client has what was read, or most of it, and has taken its time. */
static bool is_slow(const struct snapshots_worker *w)
{
	int64_t took_ms = w->conn.loop->now_ms - w->since_ms;

	return w->step == SNAPSHOTS_HOLD && w->snapshot != NULL && w->since_ms != 0 &&
	       took_ms > SNAPSHOTS_SLOW_MS && w->total < took_ms * SNAPSHOTS_SLOW_BYTES / 1000;
}

/* One waits that could begin, and no connection is free. */
static void on_look(struct timer *t)
{
	struct snapshots *s = container_of(t, struct snapshots, look);

	if (find_next(s) == NULL)
		return;
	loop_set_timer(s->loop, &s->look, SNAPSHOTS_LOOK_MS);
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++)
		if (is_slow(&s->workers[i])) {
			end(&s->workers[i], SNAPSHOT_SLOW);
			return; /* another one at the next look */
		}
}

static void end_portion(struct snapshots_worker *w)
{
	if (w->got < w->asked) {
		end(w, SNAPSHOT_WHOLE);
		return;
	}
	w->step = SNAPSHOTS_HOLD;
	w->snapshot->portion(w->snapshot);
}

static void ask_note(struct snapshots_worker *w)
{
	const char *params[SNAPSHOT_PARAMS + 1];
	char most_bytes[24];

	memcpy(params, w->snapshot->params, sizeof(w->snapshot->params));
	session_soil(&w->session);
	snprintf(most_bytes, sizeof(most_bytes), "%zu", w->snapshots->data_max);
	params[SNAPSHOT_PARAMS] = most_bytes;
	conn_run(&w->conn, "note", SNAPSHOT_PARAMS + 1, params, CONN_STALL_MS);
}

/* A statement has succeeded, and its snapshot was not cancelled. */
static void go_on(struct snapshots_worker *w)
{
	switch (w->step) {
	case SNAPSHOTS_TICK:
		w->step = SNAPSHOTS_BEGIN;
		conn_script(&w->conn, BEGIN_SQL);
		break;
	case SNAPSHOTS_BEGIN:
		w->step = SNAPSHOTS_NOTE;
		ask_note(w);
		break;
	case SNAPSHOTS_NOTE:
		hold(w);
		break;
	case SNAPSHOTS_FETCH:
		end_portion(w);
		break;
	case SNAPSHOTS_REST:
	case SNAPSHOTS_HOLD:
	case SNAPSHOTS_END:
		break;
	}
}

static void rest(struct snapshots_worker *w)
{
	w->step = SNAPSHOTS_REST;
	session_clean(&w->session);
}

static void end_step(struct snapshots_worker *w, bool ok)
{
	bool of_function = w->step == SNAPSHOTS_NOTE || w->step == SNAPSHOTS_FETCH;

	if (!ok && !of_function)
		conn_drop(&w->conn, "a query failed");
	else if (w->step == SNAPSHOTS_END || (w->step == SNAPSHOTS_TICK && w->snapshot == NULL))
		rest(w);
	else if (w->snapshot == NULL)
		end_transaction(w);
	else if (!ok)
		end(w, SNAPSHOT_FAILED);
	else
		go_on(w);
}

static void on_done(struct conn *c, bool ok)
{
	struct snapshots_worker *w = container_of(c, struct snapshots_worker, conn);

	if (w->session.step == SESSION_READY)
		end_step(w, ok);
	else if (ok)
		session_next(&w->session);
	else
		conn_drop(c, "a query failed");
	hand_out(w->snapshots);
}

static void on_up(struct conn *c)
{
	session_begin(&container_of(c, struct snapshots_worker, conn)->session);
}

/* A snapshot that was not noted yet begins again, before those that wait. */
static void on_lost(struct conn *c)
{
	struct snapshots_worker *w = container_of(c, struct snapshots_worker, conn);
	struct snapshot *snapshot = w->snapshot;
	bool noted = w->step == SNAPSHOTS_HOLD || w->step == SNAPSHOTS_FETCH;

	session_lost(&w->session);
	w->step = SNAPSHOTS_REST;
	w->snapshot = NULL;
	if (snapshot != NULL && noted)
		snapshot->ended(snapshot, SNAPSHOT_LOST, "the connection to the database was lost");
	else if (snapshot != NULL)
		list_append(w->snapshots->queue.next, &snapshot->link);
}

static const struct conn_calls conn_calls = {
	.up = on_up, .lost = on_lost, .result = on_result, .done = on_done};

void snapshots_init(struct snapshots *s, struct loop *loop, const char *conninfo, size_t data_max)
{
	*s = (struct snapshots){.data_max = data_max, .loop = loop};
	timer_init(&s->look, on_look);
	list_init(&s->queue);
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++) {
		struct snapshots_worker *w = &s->workers[i];

		w->snapshots = s;
		conn_init(&w->conn, loop, conninfo, "pgherald snapshots", &conn_calls);
		session_init(&w->session, &w->conn,
			     &(struct session_plan){.statements = statements,
						    .count = ARRAY_SIZE(statements),
						    .applications = true});
	}
}

void snapshots_go_with(struct snapshots *s, const struct conn *guide)
{
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++)
		conn_go_with(&s->workers[i].conn, guide, false);
}

void snapshots_pool(struct snapshots *s)
{
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++)
		session_pool(&s->workers[i].session);
}

void snapshots_leave(struct snapshots *s, const char *why)
{
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++)
		conn_leave(&s->workers[i].conn, why);
}

bool snapshots_are_stuck(const struct snapshots *s)
{
	bool ready = false;

	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++)
		ready = ready || s->workers[i].session.step == SESSION_READY;
	return !ready && !list_empty(&s->queue);
}

void snapshots_release(struct snapshots *s)
{
	loop_stop_timer(s->loop, &s->look);
	for (size_t i = 0; i < SNAPSHOTS_WORKERS; i++) {
		conn_stop(&s->workers[i].conn);
		free(s->workers[i].seen);
	}
}
