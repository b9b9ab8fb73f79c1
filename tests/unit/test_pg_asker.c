/* SPDX-License-Identifier: PostgreSQL */
#include "pg/asker.h"

#include <string.h>

#include "unit.h"

static struct loop loop;
static struct asker asker;
static int answers;
static bool was_null;

static void on_answered(struct question *q, const struct answer *a)
{
	(void)q;
	assert_false(a->failed);
	answers++;
	was_null = a->values[0] == NULL;
}

static int set_up(void **state)
{
	(void)state;
	answers = 0;
	if (!loop_open(&loop))
		return -1;
	asker_init(&asker, &loop, "");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	asker_release(&asker);
	loop_close(&loop);
	return 0;
}

static void bring(struct asker_worker *w, const char *value)
{
	PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_SINGLE_TUPLE);
	PGresAttDesc column = {.name = (char *)"value"};

	assert_true(PQsetResultAttrs(res, 1, &column) &&
		    PQsetvalue(res, 0, 0, (char *)value, value == NULL ? -1 : (int)strlen(value)));
	w->conn.calls->result(&w->conn, res);
	PQclear(res);
}

static void run(struct asker_worker *w, struct question *q)
{
	list_node_init(&q->link);
	lanes_add(&w->pool->queue, q);
	assert_ptr_equal(lanes_take(&w->pool->queue), q);
	w->session.step = SESSION_READY;
	w->question = q;
	w->lane = q->lane;
}

/* A row has come, and the connection is lost before the server says that it is all. */
TEST(what_came_for_a_question_whose_connection_was_lost_answers_no_other)
{
	struct question first = {.kind = QUESTION_ASKED, .answered = on_answered},
			second = {.kind = QUESTION_REDEEM, .answered = on_answered};
	struct asker_worker *w = &asker.pools[ASKER_AUTHORIZE].workers[0];

	run(w, &first);
	bring(w, "true");
	w->conn.calls->lost(&w->conn);
	assert_int_equal(answers, 0);
	asker_ops(&asker).cancel(&asker, &first);

	run(w, &second);
	bring(w, NULL);
	w->conn.calls->done(&w->conn, true);
	assert_int_equal(answers, 1);
	assert_true(was_null);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			what_came_for_a_question_whose_connection_was_lost_answers_no_other, set_up,
			tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
