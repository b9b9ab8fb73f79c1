/* SPDX-License-Identifier: PostgreSQL */
#include "pg/conn_parts.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

#define RESULTS_A_TURN 512
#define BYTES_A_TURN ((size_t)256 << 10)

static void started(struct conn *c, int sent, int stall_ms)
{
	if (!sent) {
		conn_drop(c, PQerrorMessage(c->pg));
		return;
	}
	c->state = CONN_BUSY;
	c->failed = false;
	c->may_take_long = stall_ms > CONN_STALL_MS;
	c->stall_ms = stall_ms < c->patience_ms ? stall_ms : c->patience_ms;
	loop_set_timer(c->loop, &c->retry, c->stall_ms);
	conn_flush(c);
}

void conn_prepare(struct conn *c, const char *statement, const char *sql)
{
	started(c, PQsendPrepare(c->pg, statement, sql, 0, NULL), CONN_STALL_MS);
}

static bool send_beside(struct conn *c, const char *sql)
{
	c->piped++;
	return PQsendQueryParams(c->pg, sql, 0, NULL, NULL, NULL, NULL, 0);
}

static bool send_after(struct conn *c, const char *const *after)
{
	bool sent = true;

	for (; sent && after != NULL && *after != NULL; after++) {
		c->behind++;
		sent = send_beside(c, *after);
	}
	return sent;
}

/* A pipeline up to its one Sync is one transaction. A pooler too runs it in one server process. */
static bool send_once(struct conn *c, const char *sql, int count, const char *const *params)
{
	bool begun = PQtransactionStatus(c->pg) == PQTRANS_INTRANS;
	const char *modes = begun ? NULL : c->once->modes;

	c->piped = 1;
	c->behind = 0;
	return PQenterPipelineMode(c->pg) && (modes == NULL || send_beside(c, modes)) &&
	       send_beside(c, c->once->before) &&
	       PQsendQueryParams(c->pg, sql, count, NULL, params, NULL, NULL, 1) &&
	       send_after(c, begun ? NULL : c->once->after) && PQpipelineSync(c->pg);
}

void conn_run(struct conn *c, const char *statement, int count, const char *const *params,
	      int stall_ms)
{
	if (c->once != NULL) {
		started(c, send_once(c, c->once->sql(c->once, statement), count, params), stall_ms);
		return;
	}
	started(c,
		PQsendQueryPrepared(c->pg, statement, count, params, NULL, NULL, 1) &&
			PQsetSingleRowMode(c->pg),
		stall_ms);
}

void conn_script(struct conn *c, const char *sql)
{
	started(c, PQsendQuery(c->pg, sql), CONN_STALL_MS);
}

/* True if the daemon's role has not been let in. A function of the application may report the same
 * of something else. That is not meant. */
static bool lacks_rights(const PGresult *res, const char *why)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return state != NULL && strcmp(state, "42501") == 0 && strstr(why, "herald") != NULL;
}

static void complain_of_query(struct conn *c, const PGresult *res)
{
	const char *primary = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	const char *why = primary != NULL ? primary : PQresultErrorMessage(res);
	bool shut_out = lacks_rights(res, why);

	if (!c->failed) {
		const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

		snprintf(c->fault, sizeof(c->fault), "%s", why);
		snprintf(c->fault_state, sizeof(c->fault_state), "%s", state == NULL ? "" : state);
	}
	if (!c->failed && complaints_have_room(&c->complaints, why))
		log_error("[STREAM JOB] query of '%s' failed: %s%s%s%s", c->name, why,
			  shut_out ? ", let its owner run SELECT herald.grant_daemon('" : "",
			  shut_out ? PQuser(c->pg) : "", shut_out ? "')" : "");
}

/*
 * True for these errors:
 * - data exceptions, such as a character that UTF-8 lacks;
 * - limits of the program, such as 1 GB of text;
 * - no memory for it;
 * - files and pages that cannot be read.
 */
bool conn_read_in_vain(const struct conn *c)
{
	static const char *const classes[] = {"22", "54", "58", "XX"};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if (strncmp(c->fault_state, classes[i], 2) == 0)
			return true;
	return strcmp(c->fault_state, "53200") == 0;
}

/* The results of what precedes or follows the statement in its pipeline go to nobody. */
static bool is_asked_for(const struct conn *c)
{
	return c->piped == 0 || c->piped == c->behind + 1;
}

static void take_result(struct conn *c, PGresult *res)
{
	switch (PQresultStatus(res)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		if (!c->failed && is_asked_for(c))
			c->calls->result(c, res);
		break;
	case PGRES_PIPELINE_ABORTED: /* what preceded it has failed, and that was logged */
		c->failed = true;
		break;
	default:
		complain_of_query(c, res);
		c->failed = true;
	}
	PQclear(res);
}

static void query_ended(struct conn *c)
{
	loop_stop_timer(c->loop, &c->retry);
	c->state = CONN_IDLE;
	if (!c->failed && c->may_take_long)
		c->patience_ms = CONN_STALL_MS;
	c->calls->done(c, !c->failed);
	if (c->state == CONN_IDLE && c->leaving != NULL)
		conn_drop(c, c->leaving);
}

/* Takes the end of a query, or of one statement of its pipeline. */
static void take_end(struct conn *c, PGresult *res)
{
	if (res == NULL && c->piped > 0) {
		c->piped--;
		if (is_asked_for(c))
			(void)PQsetSingleRowMode(c->pg);
		return;
	}
	PQclear(res);
	if (res != NULL && !PQexitPipelineMode(c->pg))
		conn_drop(c, PQerrorMessage(c->pg));
	else
		query_ended(c);
}

/* True if others are to get their turn. Sockets are flushed between two portions. */
static bool is_enough(const struct conn *c, int results, size_t bytes)
{
	return results == RESULTS_A_TURN || bytes > BYTES_A_TURN ||
	       (c->calls->enough != NULL && c->calls->enough(c));
}

/* Hands over what has arrived, a portion at a time. */
void conn_take_results(struct conn *c)
{
	int results = 0;
	size_t bytes = 0;

	c->unread = false;
	while (c->state == CONN_BUSY && !PQisBusy(c->pg)) {
		PGresult *res;

		if (is_enough(c, results++, bytes)) {
			c->unread = true;
			loop_set_timer(c->loop, &c->more, 0);
			return;
		}
		res = PQgetResult(c->pg);
		if (res == NULL || PQresultStatus(res) == PGRES_PIPELINE_SYNC) {
			take_end(c, res);
		} else {
			bytes += PQresultMemorySize(res);
			take_result(c, res);
		}
	}
}
