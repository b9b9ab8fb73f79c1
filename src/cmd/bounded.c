/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/bounded.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "pg/conninfo.h"
#include "pg/hosts.h"
#include "pg/layer.h"
#include "pg/message.h"

#define HEAR_MS 2000 /* a notification comes with the answer to what rang, or hardly later */

/* When a question that is asked now is given up, by the monotonic clock. */
static int64_t limit(const struct bounded *b)
{
	int64_t now = clock_mono_ms();

	return now + BOUNDED_MS < b->end_ms ? now + BOUNDED_MS : b->end_ms;
}

/*
 * False if the time is over. No socket tells of bytes that TLS or GSSAPI hold back, so these are
 * asked for.
 */
static bool wait_for(const struct bounded *b, short events, int64_t until_ms)
{
	struct pollfd fd = {.fd = PQsocket(b->pg), .events = events};
	int64_t left = until_ms - clock_mono_ms();
	int held_ms = events == POLLIN ? layer_wait_ms(b->pg, layer_find_pending(), true) : -1;

	if (left <= 0)
		return false;
	if (held_ms < 0 || held_ms > left)
		return poll(&fd, 1, (int)left) > 0;
	(void)poll(&fd, 1, held_ms);
	return true;
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

/* --- connecting --- */

/* Where the server is. It is found as serve finds it, with a loop of its own. */
struct way {
	struct loop loop;
	struct hosts hosts;
	bool known;
};

static void on_known(struct hosts *h)
{
	container_of(h, struct way, hosts)->known = true;
}

/* False if it is not found, and `why` says the reason. */
static bool find_way(struct bounded *b, struct way *w, const char *conninfo, int64_t until_ms)
{
	struct buf why;
	int64_t left;

	w->known = !hosts_find(&w->hosts, conninfo);
	if (w->known)
		return true;
	while (!w->known && (left = until_ms - clock_mono_ms()) > 0)
		loop_turn(&w->loop, (int)left);
	buf_init(&why);
	if (!w->known || !hosts_usable(&w->hosts, &why))
		set_why(b, w->known ? why.data : "DNS did not say in time where its host is", NULL);
	buf_release(&why);
	return w->known && w->hosts.usable > 0;
}

static void begin(struct bounded *b, const struct hosts *h, const char *conninfo, bool any)
{
	const char *keys[] = {"dbname",     "fallback_application_name",         "client_encoding",
			      "gssencmode", h->usable > 0 ? "host" : NULL,       "hostaddr",
			      "port",       any ? "target_session_attrs" : NULL, NULL};
	const char *values[] = {conninfo == NULL ? "" : conninfo,
				"pgherald doctor",
				"UTF8",
				conninfo_gssencmode(conninfo),
				h->host.data,
				h->hostaddr.data,
				h->port.data,
				"any",
				NULL};

	b->pg = PQconnectStartParams(keys, values, 1);
}

/* False if nobody has answered by then. */
static bool go_on(struct bounded *b, int64_t until_ms)
{
	PostgresPollingStatusType step = PGRES_POLLING_WRITING;

	while (PQstatus(b->pg) != CONNECTION_BAD && step != PGRES_POLLING_OK &&
	       step != PGRES_POLLING_FAILED) {
		if (!wait_for(b, step == PGRES_POLLING_READING ? POLLIN : POLLOUT, until_ms))
			return false;
		step = PQconnectPoll(b->pg);
	}
	return true;
}

/* Passes over a host that is silent, while there is time. */
static bool connect_to(struct bounded *b, struct way *w, const char *conninfo, bool any)
{
	int64_t until_ms = limit(b), end_ms;

	while (find_way(b, w, conninfo, until_ms)) {
		struct hosts_place place;

		end_ms = clock_mono_ms() + hosts_connect_ms(&w->hosts);
		begin(b, &w->hosts, conninfo, any);
		if (go_on(b, end_ms < until_ms ? end_ms : until_ms))
			return true;
		if (end_ms >= until_ms) {
			give_up(b);
			break;
		}
		place = hosts_place_of(b->pg);
		hosts_skip(&w->hosts, &place);
		bounded_close(b);
	}
	return false;
}

static bool is_connected(struct bounded *b)
{
	if (PQstatus(b->pg) != CONNECTION_OK) {
		set_why(b, b->pg == NULL ? "out of memory" : PQerrorMessage(b->pg), NULL);
		bounded_close(b);
		return false;
	}
	PQsetNoticeReceiver(b->pg, ignore_notice, NULL);
	return true;
}

static bool open_way(struct bounded *b, struct way *w)
{
	w->known = false;
	if (!loop_open(&w->loop)) {
		set_why(b, "this process can have no more descriptors", NULL);
		return false;
	}
	hosts_init(&w->hosts, &w->loop, on_known);
	return true;
}

static void close_way(struct way *w)
{
	hosts_release(&w->hosts);
	loop_close(&w->loop);
}

bool bounded_open(struct bounded *b, const char *conninfo, int64_t end_ms)
{
	struct way way;
	bool done;

	*b = (struct bounded){.end_ms = end_ms};
	if (!open_way(b, &way))
		return false;
	done = connect_to(b, &way, conninfo, false);
	close_way(&way);
	return done && is_connected(b);
}

bool bounded_open_beside(struct bounded *b, const struct bounded *first, const char *conninfo)
{
	struct hosts_place place = hosts_place_of(first->pg);
	struct hosts none;
	struct way way;

	*b = (struct bounded){.end_ms = first->end_ms};
	if (!open_way(b, &way))
		return false;
	hosts_init(&none, &way.loop, on_known);
	hosts_only(&way.hosts, &none, &place);
	begin(b, &way.hosts, conninfo, true);
	close_way(&way);
	if (!go_on(b, limit(b))) {
		give_up(b);
		return false;
	}
	return is_connected(b);
}

void bounded_close(struct bounded *b)
{
	PQfinish(b->pg);
	b->pg = NULL;
}

/* The last result of what was sent. NULL if it was given up. */
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
				/* The connection is lost. PQgetResult says so. */
				break;
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
	if ((param == NULL ? PQsendQuery(b->pg, sql)
			   : PQsendQueryParams(b->pg, sql, 1, NULL, &param, NULL, NULL, 0)) == 0) {
		set_why(b, PQerrorMessage(b->pg), NULL);
		bounded_close(b);
		return NULL;
	}
	res = collect(b);
	if (b->pg == NULL || is_good(res))
		return res;
	message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
	set_why(b, message == NULL ? PQerrorMessage(b->pg) : message,
		PQresultErrorField(res, PG_DIAG_SQLSTATE));
	PQclear(res);
	if (PQstatus(b->pg) != CONNECTION_OK)
		bounded_close(b);
	return NULL;
}

PGresult *bounded_ask(struct bounded *b, const char *sql, const char *param)
{
	PGresult *begun = bounded_run(b,
				      "BEGIN READ ONLY; SET LOCAL statement_timeout = 4500; SET "
				      "LOCAL search_path = pg_catalog, pg_temp",
				      NULL);
	PGresult *res = begun == NULL ? NULL : bounded_run(b, sql, param);
	/* `why` is to tell why the question failed, not why its end did. */
	struct bounded kept = *b;

	PQclear(begun);
	if (b->pg == NULL)
		return res;
	PQclear(bounded_run(b, "ROLLBACK", NULL));
	/* It is lost now. The caller has to say so, because nothing else will. */
	if (b->pg == NULL) {
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
