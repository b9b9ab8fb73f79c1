/* SPDX-License-Identifier: PostgreSQL */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cmd/forward.h"
#include "exit.h"

/* The session holds this lock, so of two processes with one name one waits. */
#define LOCK "SELECT pg_try_advisory_lock(hashtextextended('herald.forward ' || $1, 0))"

static bool is_true(const PGresult *res)
{
	return PQntuples(res) == 1 && strcmp(PQgetvalue(res, 0, 0), "t") == 0;
}

/* NULL if it failed. The session is lost then, or the command stops, and stderr says why. */
static PGresult *ask(struct forward *f, const char *sql, int count, const char *const *params)
{
	PGresult *res = PQexecParams(f->pg, sql, count, NULL, params, NULL, NULL, 0);

	if (PQresultStatus(res) == PGRES_TUPLES_OK)
		return res;
	if (PQstatus(f->pg) == CONNECTION_OK) {
		fprintf(stderr, "pgherald: %s", PQresultErrorMessage(res));
		forward_stop(f, EXIT_FAILED);
	}
	f->lost = true;
	PQclear(res);
	return NULL;
}

void forward_store_look(struct forward *f)
{
	if (PQconsumeInput(f->pg) == 0 || PQstatus(f->pg) != CONNECTION_OK)
		f->lost = true;
}

static bool lock(struct forward *f)
{
	const char *params[] = {f->name};
	bool mine = false;

	for (int n = 0; !mine && !forward_stops(f); n++) {
		PGresult *res = ask(f, LOCK, 1, params);

		mine = res != NULL && is_true(res);
		if (n == 0 && res != NULL && !mine)
			fprintf(stderr,
				"pgherald: another process forwards '%s': waiting for its end\n",
				f->name);
		PQclear(res);
		if (!mine)
			forward_pause(f, 1000);
	}
	return mine;
}

static bool read_cursor(struct forward *f)
{
	const char *params[] = {f->name, f->stream};
	PGresult *res = ask(f, "SELECT herald.forward_from($1, $2)", 2, params);

	if (res == NULL)
		return false;
	free(f->cursor);
	f->cursor = PQgetisnull(res, 0, 0) ? NULL : xstrdup(PQgetvalue(res, 0, 0));
	f->count = 0;
	PQclear(res);
	return true;
}

/* Until there is a session again. */
static void connect_again(struct forward *f)
{
	for (int attempt = 1; f->lost && !forward_ends(f); attempt++) {
		fprintf(stderr, "pgherald: the database is away, connecting again\n");
		forward_pause(f, attempt == 1 ? 100 : forward_pause_ms(attempt - 1));
		PQreset(f->pg);
		f->lost = PQstatus(f->pg) != CONNECTION_OK;
	}
}

bool forward_store_begin(struct forward *f)
{
	do
		connect_again(f);
	while (!forward_ends(f) && (!lock(f) || !read_cursor(f)));
	return !forward_stops(f);
}

void forward_store_move(struct forward *f, struct text cursor)
{
	char count[24], *now = xstrndup(cursor.bytes, cursor.len);
	const char *params[] = {f->name, f->cursor, now, count};
	PGresult *res = NULL;

	snprintf(count, sizeof(count), "%lld", (long long)f->count);
	if (f->cursor == NULL || strcmp(f->cursor, now) != 0)
		res = ask(f, "SELECT herald.forwarded($1, $2, $3, $4::bigint)", 4, params);
	if (res != NULL && !is_true(res)) {
		fprintf(stderr, "pgherald: somebody else has moved the cursor of '%s'\n", f->name);
		f->lost = true;
	}
	PQclear(res);
	free(f->cursor);
	f->cursor = now;
	f->count = 0;
}

bool forward_store_put_aside(struct forward *f, const char *id, const struct buf *body,
			     const char *why, int attempts)
{
	char number[16];
	const char *params[] = {f->name, id, body->data, why, number};
	PGresult *res;

	snprintf(number, sizeof(number), "%d", attempts);
	fprintf(stderr, "pgherald: %s is put aside in herald.undelivered: %s\n", id, why);
	res = ask(f, "SELECT herald.put_aside($1, $2, $3, $4, $5::int)", 5, params);
	PQclear(res);
	return res != NULL;
}

void forward_store_again(struct forward *f,
			 bool (*post)(struct forward *f, const char *id, const struct buf *body))
{
	char number[24] = "0";
	const char *params[] = {f->name, number};

	while (!forward_stops(f)) {
		PGresult *res =
			ask(f, "SELECT * FROM herald.put_aside_next($1, $2::bigint)", 2, params);
		struct buf body;

		if (res == NULL || PQntuples(res) == 0) {
			PQclear(res);
			return;
		}
		buf_init(&body);
		snprintf(number, sizeof(number), "%s", PQgetvalue(res, 0, 0));
		buf_append_str(&body, PQgetvalue(res, 0, 2));
		if (post(f, PQgetvalue(res, 0, 1), &body))
			PQclear(ask(f, "SELECT herald.put_aside_done($1, $2::bigint)", 2, params));
		buf_release(&body);
		PQclear(res);
	}
}
