/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/bounded.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "pg/message.h"

#define HEAR_MS 2000 /* it comes with the answer to what rang, or hardly later */

/* When a question that is asked now is given up. */
static int64_t limit(const struct bounded *b)
{
	int64_t now = clock_mono_ms();

	return now + BOUNDED_MS < b->end_ms ? now + BOUNDED_MS : b->end_ms;
}

/* False: the time is over. */
static bool wait_for(const struct bounded *b, short events, int64_t until_ms)
{
	struct pollfd fd = {.fd = PQsocket(b->pg), .events = events};
	int64_t left = until_ms - clock_mono_ms();

	return left > 0 && poll(&fd, 1, (int)left) > 0;
}

static void set_why(struct bounded *b, const char *message, const char *state)
{
	struct buf line;

	buf_init(&line);
	message_append(&line, message);
	snprintf(b->why, sizeof(b->why), "%s", line.data);
	buf_release(&line);
	snprintf(b->state, sizeof(b->state), "%s", state == NULL ? "" : state);
}

static void give_up(struct bounded *b)
{
	bounded_close(b);
	b->late = true;
	set_why(b, "the database has not answered in time", NULL);
}

static void ignore_notice(void *ctx, const PGresult *res)
{
	(void)ctx, (void)res;
}

bool bounded_open(struct bounded *b, const char *conninfo, int64_t end_ms)
{
	const char *keys[] = {"dbname", "fallback_application_name", "client_encoding", NULL};
	const char *values[] = {conninfo == NULL ? "" : conninfo, "pgherald doctor", "UTF8", NULL};
	PostgresPollingStatusType step = PGRES_POLLING_WRITING;
	int64_t until_ms;

	*b = (struct bounded){.pg = PQconnectStartParams(keys, values, 1), .end_ms = end_ms};
	until_ms = limit(b);
	while (PQstatus(b->pg) != CONNECTION_BAD && step != PGRES_POLLING_OK && step != PGRES_POLLING_FAILED) {
		if (!wait_for(b, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_ms)) {
			give_up(b);
			return false;
		}
		step = PQconnectPoll(b->pg);
	}
	if (PQstatus(b->pg) != CONNECTION_OK) {
		set_why(b, PQerrorMessage(b->pg), NULL);
		bounded_close(b);
		return false;
	}
	PQsetNoticeReceiver(b->pg, ignore_notice, NULL);
	return true;
}

void bounded_close(struct bounded *b)
{
	PQfinish(b->pg);
	b->pg = NULL;
}

/* The last result of what was sent; NULL: given up. */
static PGresult *collect(struct bounded *b)
{
	int64_t until_ms = limit(b);
	PGresult *last = NULL, *res;

	for (;;) {
		while (PQisBusy(b->pg)) {
			if (!wait_for(b, POLLIN, until_ms)) {
				PQclear(last);
				give_up(b);
				return NULL;
			}
			if (PQconsumeInput(b->pg) == 0)
				break; /* lost: PQgetResult says so */
		}
		res = PQgetResult(b->pg);
		if (res == NULL)
			return last;
		PQclear(last);
		last = res;
	}
}

static bool is_good(const PGresult *res)
{
	return PQresultStatus(res) == PGRES_COMMAND_OK || PQresultStatus(res) == PGRES_TUPLES_OK;
}

PGresult *bounded_run(struct bounded *b, const char *sql, const char *param)
{
	const char *message;
	PGresult *res;

	if (b->pg == NULL)
		return NULL;
	if ((param == NULL ? PQsendQuery(b->pg, sql) : PQsendQueryParams(b->pg, sql, 1, NULL, &param, NULL, NULL, 0)) == 0) {
		set_why(b, PQerrorMessage(b->pg), NULL);
		bounded_close(b);
		return NULL;
	}
	res = collect(b);
	if (b->pg == NULL || is_good(res))
		return res;
	message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	set_why(b, message == NULL ? PQerrorMessage(b->pg) : message, PQresultErrorField(res, PG_DIAG_SQLSTATE));
	PQclear(res);
	if (PQstatus(b->pg) != CONNECTION_OK)
		bounded_close(b);
	return NULL;
}

PGresult *bounded_ask(struct bounded *b, const char *sql, const char *param)
{
	PGresult *begun = bounded_run(b, "BEGIN READ ONLY; SET LOCAL statement_timeout = 4500; SET LOCAL search_path = pg_catalog, pg_temp", NULL);
	PGresult *res = begun == NULL ? NULL : bounded_run(b, sql, param);
	struct bounded kept = *b; /* why it failed, not why its end did */

	PQclear(begun);
	if (b->pg == NULL)
		return res;
	PQclear(bounded_run(b, "ROLLBACK", NULL));
	if (b->pg == NULL) { /* lost now: whoever asked is to say so, for nobody else will */
		PQclear(res);
		return NULL;
	}
	memcpy(b->why, kept.why, sizeof(b->why));
	memcpy(b->state, kept.state, sizeof(b->state));
	return res;
}

bool bounded_hears(struct bounded *b, const char *payload)
{
	int64_t until_ms = clock_mono_ms() + HEAR_MS;
	bool heard = false;

	while (b->pg != NULL && !heard) {
		PGnotify *notice = PQnotifies(b->pg);

		if (notice != NULL)
			heard = strcmp(notice->extra, payload) == 0;
		else if (!wait_for(b, POLLIN, until_ms) || PQconsumeInput(b->pg) == 0)
			return false;
		PQfreemem(notice);
	}
	return heard;
}
