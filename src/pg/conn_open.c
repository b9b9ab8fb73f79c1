/* SPDX-License-Identifier: PostgreSQL */
#include "pg/conn_parts.h"

#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "pg/conninfo.h"
#include "pg/message.h"
#include "pg/passfile.h"

#define NO_TRANSACTION "25P01"

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

static bool has_guide(const struct conn *c, bool bound)
{
	return c->guide != NULL && c->bound == bound && conn_is_up(c->guide);
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
			      "gssencmode",
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
				conninfo_gssencmode(c->conninfo),
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
	if (!conn_watch_for(c, EPOLLOUT))
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

void conn_on_hosts(struct hosts *h)
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

static void connected(struct conn *c)
{
	loop_stop_timer(c->loop, &c->retry);
	if (PQsetnonblocking(c->pg, 1) != 0 || !conn_watch_for(c, EPOLLIN)) {
		conn_drop(c, PQerrorMessage(c->pg));
		return;
	}
	c->state = CONN_IDLE;
	hosts_worked(&c->hosts);
	c->up_ms = c->loop->now_ms;
	c->calls->up(c);
}

/* Each step may have another socket, such as after several hosts or a refused SSL. So it is watched
 * again each time. */
void conn_go_on_connecting(struct conn *c)
{
	PostgresPollingStatusType next = PQconnectPoll(c->pg);

	loop_unwatch(c->loop, &c->watch);
	if (next == PGRES_POLLING_OK)
		connected(c);
	else if (next == PGRES_POLLING_FAILED)
		conn_drop(c, PQerrorMessage(c->pg));
	else if (!conn_watch_for(c, next == PGRES_POLLING_READING ? EPOLLIN : EPOLLOUT))
		conn_drop(c, "its socket cannot be watched");
	else if (next == PGRES_POLLING_READING && conn_layer_ms(c) == 0)
		loop_set_timer(c->loop, &c->more, 0);
}
