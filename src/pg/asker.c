/* SPDX-License-Identifier: PostgreSQL */
#include "pg/asker.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* What an action answers is measured once more where it is printed. herald.act has refused what is
 * longer, and the whole of a row is in memory before this program can look at it. */
#define ANSWER_MAX "16777216"
#define ANSWER_SQL                                                                         \
	"SELECT CASE WHEN octet_length(body) > " ANSWER_MAX " THEN '500' ELSE status END," \
	" CASE WHEN octet_length(body) > " ANSWER_MAX                                      \
	" THEN 'its answer is longer than 16 MB' ELSE fault END,"                          \
	" CASE WHEN octet_length(body) > " ANSWER_MAX                                      \
	" THEN '{\"errors\": [\"Internal error\"], \"success\": false}' ELSE body END"     \
	" FROM (SELECT a ->> 'status' AS status,"                                          \
	" translate(a ->> 'fault', chr(10), ' ') AS fault,"                                \
	" nullif(a -> 'body', 'null')::text AS body"                                       \
	" FROM herald.act($1, $2, $3::jsonb) a OFFSET 0) answer"

/* Each kind of question in SQL. It gives one row, with a text for each value of the answer. */
static const struct session_statement statements[] = {
	[QUESTION_ASKED] = {"asked", ASKER_ASKED_SQL},
	[QUESTION_TICKET] = {"ticket", "SELECT herald.ticket($1, $2::jsonb, $3)::text"},
	[QUESTION_REDEEM] = {"redeem", "SELECT herald.redeem($1, $2)::text"},
	[QUESTION_RENEW] = {"renew", "SELECT herald.renewal($1, $2::jsonb)::text"},
	[QUESTION_ACTION] = {"action", ANSWER_SQL},
	[QUESTION_SCHEMA] = {"schema", "SELECT herald.schema()::text"},
	[QUESTION_COVER] = {"cover", "SELECT herald.cover($1::bigint, $2::xid8[])"},
	[QUESTION_LOOK] = {"look", "SELECT herald.look($1)"},
};
static const struct {
	int params;
	bool again; /* it may be asked twice */
	bool soils; /* it runs what the application has written (session_soil) */
	enum asker_pool_name pool;
} traits[] = {
	[QUESTION_ASKED] = {4, true, true, ASKER_AUTHORIZE},
	[QUESTION_TICKET] = {3, false, false, ASKER_OWN},
	[QUESTION_REDEEM] = {2, false, false, ASKER_OWN},
	[QUESTION_RENEW] = {2, true, false, ASKER_OWN},
	[QUESTION_ACTION] = {3, false, true, ASKER_ACTIONS},
	[QUESTION_SCHEMA] = {0, true, true, ASKER_OWN},
	[QUESTION_COVER] = {2, true, false, ASKER_OWN},
	[QUESTION_LOOK] = {1, false, true, ASKER_LOOK}, /* event triggers are the application's */
};

_Static_assert(ASKER_WORKERS <= LANES_MOST, "more could run than lanes can count");

static bool is_free(const struct asker_worker *w)
{
	return w->started && w->session.step == SESSION_READY && !w->session.soiled &&
	       conn_is_free(&w->conn);
}

/* Takes the next question, if there is one and the connection is free. */
static void work(struct asker_worker *w)
{
	struct question *q = is_free(w) ? lanes_take(&w->pool->queue) : NULL;

	if (q == NULL)
		return;
	w->question = q;
	w->lane = q->lane;
	if (traits[q->kind].soils)
		session_soil(&w->session);
	conn_run(&w->conn, statements[q->kind].name, traits[q->kind].params, q->params,
		 CONN_STALL_MS);
}

/* Gives the queue to the connections that are free. If questions are left, it starts one more. */
static void hand_out(struct asker_pool *p)
{
	struct asker_worker *idle = NULL;

	for (size_t i = 0; i < ASKER_WORKERS && lanes_have(&p->queue); i++) {
		work(&p->workers[i]);
		if (idle == NULL && !p->workers[i].started)
			idle = &p->workers[i];
	}
	if (idle != NULL && lanes_have(&p->queue)) {
		idle->started = true;
		conn_start(&idle->conn);
	}
}

static void submit(void *ctx, struct question *q)
{
	struct asker_pool *p = &((struct asker *)ctx)->pools[traits[q->kind].pool];

	q->asked_us = clock_mono_us();
	lanes_add(&p->queue, q);
	hand_out(p);
}

static void cancel(void *ctx, struct question *q)
{
	struct asker_pool *p = &((struct asker *)ctx)->pools[traits[q->kind].pool];

	lanes_remove(&p->queue, q);
	for (size_t i = 0; i < ASKER_WORKERS; i++)
		if (p->workers[i].question == q)
			p->workers[i].question = NULL;
}

struct question_ops asker_ops(struct asker *a)
{
	return (struct question_ops){submit, cancel, a};
}

static void forget_values(struct asker_worker *w)
{
	for (int i = 0; i < QUESTION_VALUES_MAX; i++) {
		free(w->values[i]);
		w->values[i] = NULL;
	}
}

static void on_result(struct conn *c, const PGresult *res)
{
	struct asker_worker *w = container_of(c, struct asker_worker, conn);

	if (w->session.step != SESSION_READY)
		session_result(&w->session, res);
	if (w->session.step != SESSION_READY || PQntuples(res) != 1)
		return;
	forget_values(w);
	for (int i = 0; i < PQnfields(res) && i < QUESTION_VALUES_MAX; i++)
		if (!PQgetisnull(res, 0, i))
			w->values[i] =
				xstrndup(PQgetvalue(res, 0, i), (size_t)PQgetlength(res, 0, i));
}

/* What runs has ended, or has been lost. */
static void end_lane(struct asker_worker *w)
{
	if (w->lane != NULL)
		lanes_end(&w->pool->queue, w->lane);
	w->lane = NULL;
}

static void answer(struct asker_worker *w, bool failed, bool passing)
{
	struct question *q = w->question;
	struct answer a = {.failed = failed, .passing = passing};
	char *values[QUESTION_VALUES_MAX];

	memcpy(values, w->values, sizeof(values));
	memset(w->values, 0, sizeof(w->values));
	w->question = NULL;
	end_lane(w);
	for (int i = 0; i < QUESTION_VALUES_MAX && !failed; i++)
		a.values[i] = values[i];
	if (q != NULL) {
		histogram_add(&w->pool->times, clock_mono_us() - q->asked_us);
		q->answered(q, &a);
	}
	for (int i = 0; i < QUESTION_VALUES_MAX; i++)
		free(values[i]);
}

/* True if the parameters are to blame. That is a data exception, such as a character that the
 * database's encoding lacks, or a limit of the program. A failure of a function of the application
 * does not come here, because it is an answer. */
static bool is_of_params(const struct conn *c)
{
	return strncmp(c->fault_state, "22", 2) == 0 || strncmp(c->fault_state, "54", 2) == 0;
}

/*
 * True if the statement may be answered later. By the classes of SQLSTATE these are a lost
 * connection, a server that takes no writes, a conflict of transactions, no memory or disk,
 * somebody's lock, a time limit or somebody's cancellation, and a fault of the system. Or the
 * statement is not there, since a pooler has begun to lend sessions. What libpq says by itself has
 * no class.
 */
static bool may_pass(const struct conn *c)
{
	static const char *const classes[] = {"08", "25", "26", "40", "53", "55", "57", "58"};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strncmp(c->fault_state, classes[i], 2) == 0)
			return true;
	return c->fault_state[0] == '\0';
}

static void on_done(struct conn *c, bool ok)
{
	struct asker_worker *w = container_of(c, struct asker_worker, conn);

	if (w->session.step == SESSION_READY) {
		if (w->question != NULL)
			w->question->unfit = !ok && is_of_params(c);
		answer(w, !ok, !ok && may_pass(c));
		session_clean(&w->session);
	} else if (ok) {
		session_next(&w->session);
	} else {
		conn_drop(c, "a query failed");
	}
	hand_out(w->pool);
}

static void on_up(struct conn *c)
{
	session_begin(&container_of(c, struct asker_worker, conn)->session);
}

static void on_lost(struct conn *c)
{
	struct asker_worker *w = container_of(c, struct asker_worker, conn);
	struct question *q = w->question;

	session_lost(&w->session);
	forget_values(w); /* Its row may have come already. The next question's row may be NULL. */
	if (q == NULL || !traits[q->kind].again) {
		answer(w, true, true);
		return;
	}
	w->question = NULL;
	w->lane = NULL;
	lanes_put_back(&w->pool->queue, q);
}

static const struct conn_calls conn_calls = {
	.up = on_up, .lost = on_lost, .result = on_result, .done = on_done};

static void init_pool(struct asker_pool *p, struct loop *loop, const char *conninfo)
{
	lanes_init(&p->queue);
	for (size_t i = 0; i < ASKER_WORKERS; i++) {
		struct asker_worker *w = &p->workers[i];

		*w = (struct asker_worker){.pool = p};
		conn_init(&w->conn, loop, conninfo, "pgherald asker", &conn_calls);
		session_init(&w->session, &w->conn,
			     &(struct session_plan){.statements = statements,
						    .count = ARRAY_SIZE(statements),
						    .applications = true});
	}
}

void asker_init(struct asker *a, struct loop *loop, const char *conninfo)
{
	for (size_t i = 0; i < ASKER_POOLS; i++)
		init_pool(&a->pools[i], loop, conninfo);
}

static void release_pool(struct asker_pool *p)
{
	for (size_t i = 0; i < ASKER_WORKERS; i++) {
		conn_stop(&p->workers[i].conn);
		forget_values(&p->workers[i]);
	}
	lanes_release(&p->queue);
}

void asker_go_with(struct asker *a, const struct conn *guide)
{
	for (size_t i = 0; i < ASKER_POOLS; i++)
		for (size_t k = 0; k < ASKER_WORKERS; k++)
			conn_go_with(&a->pools[i].workers[k].conn, guide, false);
}

void asker_pool(struct asker *a)
{
	for (size_t i = 0; i < ASKER_POOLS; i++)
		for (size_t k = 0; k < ASKER_WORKERS; k++)
			session_pool(&a->pools[i].workers[k].session);
}

static bool is_stuck(const struct asker_pool *p)
{
	bool ready = false;

	for (size_t i = 0; i < ASKER_WORKERS; i++)
		ready = ready || p->workers[i].session.step == SESSION_READY;
	return !ready && lanes_have(&p->queue);
}

bool asker_is_stuck(const struct asker *a)
{
	for (size_t i = 0; i < ASKER_POOLS; i++)
		if (i != ASKER_LOOK && is_stuck(&a->pools[i]))
			return true;
	return false;
}

void asker_leave(struct asker *a, const char *why)
{
	for (size_t i = 0; i < ASKER_POOLS; i++)
		for (size_t k = 0; k < ASKER_WORKERS; k++)
			conn_leave(&a->pools[i].workers[k].conn, why);
}

void asker_release(struct asker *a)
{
	for (size_t i = 0; i < ASKER_POOLS; i++)
		release_pool(&a->pools[i]);
}
