/* SPDX-License-Identifier: PostgreSQL */
#include "pg/conn_parts.h"

#include <stdlib.h>
#include <sys/epoll.h>

#include "base/chance.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "pg/message.h"

static void on_ready(struct watch *w, uint32_t events);
static void on_timer(struct timer *t);
static void on_more(struct timer *t);

void conn_init(struct conn *c, struct loop *loop, const char *conninfo, const char *name,
	       const struct conn_calls *calls)
{
	*c = (struct conn){.loop = loop, .conninfo = conninfo, .name = name, .calls = calls};
	c->pause_ms = CONN_PAUSE_MIN_MS;
	c->patience_ms = CONN_STALL_MS;
	watch_init(&c->watch, on_ready);
	timer_init(&c->retry, on_timer);
	timer_init(&c->more, on_more);
	hosts_init(&c->hosts, loop, conn_on_hosts);
	complaints_init(&c->complaints, loop, name);
	c->ssl_pending = layer_find_pending();
}

void conn_go_with(struct conn *c, const struct conn *guide, bool bound)
{
	c->guide = guide;
	c->bound = bound;
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
	bool was_up = conn_is_up(c);

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

bool conn_watch_for(struct conn *c, uint32_t events)
{
	return loop_watch(c->loop, &c->watch, PQsocket(c->pg), events);
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

int conn_layer_ms(const struct conn *c)
{
	return layer_wait_ms(c->pg, c->ssl_pending, c->state == CONN_BUSY);
}

void conn_flush(struct conn *c)
{
	int left = PQflush(c->pg);

	if (left < 0)
		conn_drop(c, PQerrorMessage(c->pg));
	else if (!conn_watch_for(c, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN))
		conn_drop(c, "its socket cannot be watched");
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

	conn_take_results(c);
	take_notifications(c);
	if (!conn_is_up(c) || c->unread)
		return;
	wait_ms = conn_layer_ms(c);
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
		conn_go_on_connecting(c);
		return;
	}
	if (c->unread || conn_layer_ms(c) == 0)
		note_progress(c);
	read_more(c);
}

static void on_ready(struct watch *w, uint32_t events)
{
	struct conn *c = container_of(w, struct conn, watch);

	if (c->state == CONN_CONNECTING) {
		conn_go_on_connecting(c);
		return;
	}
	if (events & EPOLLOUT)
		conn_flush(c);
	if (!conn_is_up(c) || c->unread || !(events & ~(uint32_t)EPOLLOUT))
		return;
	note_progress(c);
	read_more(c);
}
