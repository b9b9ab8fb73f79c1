/* SPDX-License-Identifier: PostgreSQL */
/* server_leave.c: from SIGTERM to the end of the process. */
#include <signal.h>

#include "base/supervisor.h"
#include "gate/keeper.h"
#include "gate/waiter.h"
#include "exit.h"
#include "server_parts.h"

/*
 * The longest time from SIGTERM to the end. Afterwards, streams that have not ended are cut, and
 * actions that run are not waited for.
 */
#define DRAIN_MS 4000
/* Of that, what requests have that are on their way when the door is closed. */
#define ARRIVE_MS 250

void server_stop(struct server *s, int exit_status)
{
	s->exit_status = exit_status;
	s->stopped = true;
}

static void begin_drain(struct server *s)
{
	s->stopping = true;
	keeper_drain(&s->gate);
	loop_set_timer(&s->loop, &s->drain, DRAIN_MS - ARRIVE_MS);
}

/*
 * Whoever was let in is to have an answer. A service manager that keeps the socket has all others
 * wait for the next process.
 */
static void close_door(struct server *s)
{
	httpd_quiesce(&s->httpd);
	if (httpd_awaits_any(&s->httpd))
		loop_set_timer(&s->loop, &s->leave, ARRIVE_MS);
	else
		begin_drain(s);
}

static void on_leave_over(struct timer *t)
{
	struct server *s = container_of(t, struct server, leave);

	if (s->httpd.door.listening.count > 0)
		close_door(s);
	else
		begin_drain(s);
}

static void on_drain_over(struct timer *t)
{
	struct server *s = container_of(t, struct server, drain);

	if (s->gate.waiter_count > 0)
		log_warn("%zu requests that the database had not answered in %d s are told so",
			 s->gate.waiter_count, DRAIN_MS / 1000);
	waiter_give_up(&s->gate);
	server_stop(s, EXIT_DONE);
}

/* A balancer is to send nobody here any more, before clients are sent away. */
void server_leave(struct server *s, int signo)
{
	if (s->stopping || s->status.leaving) {
		if (s->crew == NULL || signo == SIGQUIT)
			server_stop(s, EXIT_DONE);
		return;
	}
	log_info(
		"signal %d: every stream ends with a whole event%s, actions that run are answered, "
		"then this program ends",
		signo, s->config->drain_delay_ms > 0 ? " after drain-delay" : "");
	s->status.leaving = true;
	supervisor_stopping();
	if (s->config->drain_delay_ms > 0)
		loop_set_timer(&s->loop, &s->leave, s->config->drain_delay_ms);
	else
		close_door(s);
}

bool server_is_drained(const struct server *s)
{
	return s->stopping && s->outlets.quota.open == 0 && s->gate.waiter_count == 0 &&
	       httpd_is_idle(&s->httpd);
}

void server_leave_init(struct server *s)
{
	timer_init(&s->leave, on_leave_over);
	timer_init(&s->drain, on_drain_over);
}

void server_leave_release(struct server *s)
{
	loop_stop_timer(&s->loop, &s->leave);
	loop_stop_timer(&s->loop, &s->drain);
}
