/* SPDX-License-Identifier: PostgreSQL */
#include "pg/conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/chance.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "pg/message.h"
#include "pg/passfile.h"

#define NO_TRANSACTION "25P01"
#define RESULTS_A_TURN 512
#define BYTES_A_TURN ((size_t)256 << 10)

static void on_ready(struct watch *w, uint32_t events);
static void on_timer(struct timer *t);
static void on_more(struct timer *t);
static void on_hosts(struct hosts *h);

void conn_init(struct conn *c, struct loop *loop, const char *conninfo, const char *name,
	       const struct conn_calls *calls)
{
	*c = (struct conn){.loop = loop, .conninfo = conninfo, .name = name, .calls = calls};
	c->pause_ms = CONN_PAUSE_MIN_MS;
	c->patience_ms = CONN_STALL_MS;
	watch_init(&c->watch, on_ready);
	timer_init(&c->retry, on_timer);
	timer_init(&c->more, on_more);
	hosts_init(&c->hosts, loop, on_hosts);
	complaints_init(&c->complaints, loop, name);
	c->ssl_pending = layer_find_pending();
}

void conn_go_with(struct conn *c, const struct conn *guide, bool bound)
{
	c->guide = guide;
	c->bound = bound;
}

static bool is_up(const struct conn *c)
{
	return c->state == CONN_IDLE || c->state == CONN_BUSY;
}

static void disconnect(struct conn *c)
{
	loop_stop_timer(c->loop, &c->retry);
	loop_stop_timer(c->loop, &c->more);
	loop_unwatch(c->loop, &c->watch);
	hosts_release(&c->hosts);
	PQfinish(c->pg);
	c->pg = NULL;
	c->unread = false;
	c->piped = 0;
	c->state = CONN_DOWN;
}

void conn_stop(struct conn *c)
{
	if (c->pg != NULL || c->state != CONN_DOWN)
		disconnect(c);
	loop_stop_timer(c->loop, &c->retry);
	complaints_stop(&c->complaints);
}

static void complain_of_end(struct conn *c, const char *what, const char *why)
{
	struct buf line;

	buf_init(&line);
	message_append(&line, why);
	if (complaints_are_news(&c->complaints, line.data))
		log_warn("[STREAM JOB] %s '%s': %s", what, c->name, line.data);
	buf_release(&line);
}

/* Without this, libpq would write notices to stderr itself, and wait there. One such notice is that
 * a collation has another version. */
static void on_notice(void *ctx, const PGresult *res)
{
	/* A role's client_min_messages may ask for them. */
	static const char *const chatter[] = {"DEBUG", "LOG", "INFO", "NOTICE"};
	struct conn *c = ctx;
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);
	const char *message = PQresultErrorMessage(res);
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	/* A pipeline is a transaction. SET TRANSACTION thinks it is none and warns, but works. */
	if (state != NULL && strcmp(state, NO_TRANSACTION) == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(chatter); i++)
		if (severity != NULL && strcmp(severity, chatter[i]) == 0)
			return;
	if (complaints_have_room(&c->complaints, message))
		log_warn("[STREAM JOB] the database said to '%s': %.*s", c->name,
			 (int)strcspn(message, "\n"), message);
}

/* Half of the pause is random, so that instances do not reconnect in step. */
static void retry_later(struct conn *c)
{
	int wait = c->pause_ms / 2 + chance_up_to(c->pause_ms / 2);

	c->pause_ms = c->pause_ms * 2 > CONN_PAUSE_MAX_MS ? CONN_PAUSE_MAX_MS : c->pause_ms * 2;
	loop_set_timer(c->loop, &c->retry, wait);
}

/* All was well for a while, so this trouble is not the last one again. */
static void start_afresh(struct conn *c)
{
	c->pause_ms = CONN_PAUSE_MIN_MS;
	complaints_forget(&c->complaints);
}

static void give_up_trying(struct conn *c, const char *why)
{
	char *text = xstrdup(why); /* It mostly belongs to the connection, which is freed. */

	disconnect(c);
	c->calls->refused(c, text);
	free(text);
}

void conn_drop(struct conn *c, const char *why)
{
	bool was_up = is_up(c);

	if (c->calls->refused != NULL && !was_up) {
		give_up_trying(c, why);
		return;
	}
	if (was_up && c->loop->now_ms - c->up_ms > CONN_PAUSE_MAX_MS)
		start_afresh(c);
	complain_of_end(
		c, was_up ? "lost the database connection" : "cannot connect to the database for",
		why);
	disconnect(c);
	retry_later(c);
	if (was_up)
		c->calls->lost(c);
}

bool conn_is_free(const struct conn *c)
{
	return c->state == CONN_IDLE && c->leaving == NULL;
}

void conn_leave(struct conn *c, const char *why)
{
	if (c->state == CONN_IDLE)
		conn_drop(c, why);
	else if (c->state == CONN_BUSY)
		c->leaving = why;
}

static bool watch_for(struct conn *c, uint32_t events)
{
	return loop_watch(c->loop, &c->watch, PQsocket(c->pg), events);
}

static bool has_guide(const struct conn *c, bool bound)
{
	return c->guide != NULL && c->bound == bound && is_up(c->guide);
}

/* Returns where libpq is to look for passwords. "" leaves that to libpq. */
static const char *passfile(struct conn *c)
{
	struct buf why;
	bool usable;

	buf_init(&why);
	usable = passfile_is_usable(c->conninfo, &why);
	if (!usable && complaints_are_news(&c->complaints, why.data))
		log_warn("[STREAM JOB] cannot look for a password for '%s': %s", c->name, why.data);
	buf_release(&why);
	return usable ? "" : PASSFILE_NONE;
}

/* If names were looked up, libpq gets the addresses in place of what is written. */
static void begin_connecting(struct conn *c)
{
	const struct hosts *h = &c->hosts;
	const char *keys[] = {"dbname",
			      "fallback_application_name",
			      "client_encoding",
			      "keepalives_idle",
			      "keepalives_interval",
			      "keepalives_count",
			      "passfile",
			      h->usable > 0 ? "host" : NULL,
			      "hostaddr",
			      "port",
			      has_guide(c, true) ? "target_session_attrs" : NULL,
			      NULL};
	const char *values[] = {c->conninfo == NULL ? "" : c->conninfo,
				c->name,
				"UTF8",
				"10",
				"5",
				"3",
				passfile(c),
				h->host.data,
				h->hostaddr.data,
				h->port.data,
				"any",
				NULL};

	c->pg = PQconnectStartParams(keys, values, 1);
	PQsetNoticeReceiver(c->pg, on_notice, c);
	if (c->calls->refused != NULL)
		PQsetErrorVerbosity(c->pg, PQERRORS_VERBOSE);
	if (c->pg == NULL || PQstatus(c->pg) == CONNECTION_BAD) {
		conn_drop(c, c->pg == NULL ? "out of memory" : PQerrorMessage(c->pg));
		return;
	}
	loop_set_timer(c->loop, &c->retry, hosts_connect_ms(h));
	if (!watch_for(c, EPOLLOUT))
		conn_drop(c, "its socket cannot be watched");
}

static void begin_near_guide(struct conn *c)
{
	if (has_guide(c, false)) {
		struct hosts_place place = hosts_place_of(c->guide->pg);

		hosts_begin_with(&c->hosts, &place);
	}
	begin_connecting(c);
}

static void on_hosts(struct hosts *h)
{
	struct conn *c = container_of(h, struct conn, hosts);
	struct buf why;

	buf_init(&why);
	if (hosts_usable(h, &why))
		begin_near_guide(c);
	else
		conn_drop(c, why.data);
	buf_release(&why);
}

void conn_start(struct conn *c)
{
	c->state = CONN_CONNECTING;
	c->stalled = false;
	c->leaving = NULL;
	loop_set_timer(c->loop, &c->retry, HOSTS_CONNECT_MS);
	if (has_guide(c, true)) {
		struct hosts_place place = hosts_place_of(c->guide->pg);

		hosts_only(&c->hosts, &c->guide->hosts, &place);
		begin_connecting(c);
	} else if (!hosts_find(&c->hosts, c->conninfo)) {
		begin_near_guide(c);
	}
}

static void on_timer(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, retry);

	if (c->state == CONN_DOWN) {
		conn_start(c);
		return;
	}
	if (c->state == CONN_CONNECTING && c->pg != NULL) {
		struct hosts_place place = hosts_place_of(c->pg);

		hosts_skip(&c->hosts, &place);
	}
	c->stalled = c->state == CONN_BUSY;
	if (c->stalled && c->may_take_long)
		c->patience_ms = c->patience_ms * 4 > CONN_STALL_READ_MS ? CONN_STALL_READ_MS
									 : c->patience_ms * 4;
	conn_drop(c, c->pg == NULL ? "DNS did not say in time where its host is"
				   : "no answer in time");
}

static void connected(struct conn *c)
{
	loop_stop_timer(c->loop, &c->retry);
	if (PQsetnonblocking(c->pg, 1) != 0 || !watch_for(c, EPOLLIN)) {
		conn_drop(c, PQerrorMessage(c->pg));
		return;
	}
	c->state = CONN_IDLE;
	hosts_worked(&c->hosts);
	c->up_ms = c->loop->now_ms;
	c->calls->up(c);
}

static int layer_ms(const struct conn *c)
{
	return layer_wait_ms(c->pg, c->ssl_pending, c->state == CONN_BUSY);
}

/* Each step may have another socket, such as after several hosts or a refused SSL. So it is watched
 * again each time. */
static void go_on_connecting(struct conn *c)
{
	PostgresPollingStatusType next = PQconnectPoll(c->pg);

	loop_unwatch(c->loop, &c->watch);
	if (next == PGRES_POLLING_OK)
		connected(c);
	else if (next == PGRES_POLLING_FAILED)
		conn_drop(c, PQerrorMessage(c->pg));
	else if (!watch_for(c, next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT))
		conn_drop(c, "its socket cannot be watched");
	else if (next == PGRES_POLLING_READING && layer_ms(c) == 0)
		loop_set_timer(c->loop, &c->more, 0);
}

static void flush(struct conn *c)
{
	int left = PQflush(c->pg);

	if (left < 0)
		conn_drop(c, PQerrorMessage(c->pg));
	else if (!watch_for(c, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN))
		conn_drop(c, "its socket cannot be watched");
}

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
	flush(c);
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

	if (!c->failed) {
		const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

		snprintf(c->fault, sizeof(c->fault), "%s", why);
		snprintf(c->fault_state, sizeof(c->fault_state), "%s", state == NULL ? "" : state);
	}
	if (!c->failed && complaints_have_room(&c->complaints, why))
		log_error("[STREAM JOB] query of '%s' failed: %s%s", c->name, why,
			  lacks_rights(res, why)
				  ? ", let its owner run SELECT herald.grant_daemon('<this role>')"
				  : "");
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
static void take_results(struct conn *c)
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

static void take_notifications(struct conn *c)
{
	PGnotify *n;

	while (c->pg != NULL && (n = PQnotifies(c->pg)) != NULL) {
		if (c->calls->notified != NULL)
			c->calls->notified(c, n->relname, n->be_pid);
		PQfreemem(n);
	}
}

static void take_all(struct conn *c)
{
	int wait_ms;

	take_results(c);
	take_notifications(c);
	if (!is_up(c) || c->unread)
		return;
	wait_ms = layer_ms(c);
	if (wait_ms >= 0)
		loop_set_timer(c->loop, &c->more, wait_ms);
}

static void note_progress(struct conn *c)
{
	if (c->state == CONN_BUSY)
		loop_set_timer(c->loop, &c->retry, c->stall_ms);
}

/* Reads only after all before was taken. Otherwise it would pile up in memory. */
static void read_more(struct conn *c)
{
	if (!c->unread && !PQconsumeInput(c->pg))
		conn_drop(c, PQerrorMessage(c->pg));
	else
		take_all(c);
}

static void on_more(struct timer *t)
{
	struct conn *c = container_of(t, struct conn, more);

	if (c->state == CONN_CONNECTING) {
		go_on_connecting(c);
		return;
	}
	if (c->unread || layer_ms(c) == 0)
		note_progress(c);
	read_more(c);
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct conn *c = container_of(w, struct conn, watch);

	if (c->state == CONN_CONNECTING) {
		go_on_connecting(c);
		return;
	}
	if (events & EPOLLOUT)
		flush(c);
	if (!is_up(c) || c->unread || !(events & ~(uint32_t)EPOLLOUT))
		return;
	note_progress(c);
	read_more(c);
}
