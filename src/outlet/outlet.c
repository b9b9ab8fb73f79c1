/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/outlet.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "http/drain.h"
#include "outlet/code.h"
#include "outlet/outlets.h"
#include "outlet/ping.h"

static struct loop *loop_of(const struct outlet *o)
{
	return o->set->loop;
}

struct wire outlet_wire(struct outlet *o)
{
	return (struct wire){.bare = o->bare,
			     .format = o->format,
			     .form = o->sub.form,
			     .packer = &o->set->router->packer,
			     .total = &o->total,
			     .gatherer = o->gatherer};
}

/* --- phases --- */

static void drop_ended(struct outlet *o)
{
	char why[64];

	snprintf(why, sizeof(why), "ended by the server, %s", o->reason);
	outlet_drop(o, why);
}

const struct phase outlet_live = {.state = OUTLET_LIVE};
static const struct phase closing = {.state = OUTLET_CLOSING, .drained = drop_ended};
static const struct phase closed = {.state = OUTLET_CLOSED};

void outlet_enter(struct outlet *o, const struct phase *next)
{
	/* Nothing goes on with a connection that ends. */
	assert(!outlet_is_ending(o) || next == &closed);
	if (o->phase->stop != NULL)
		o->phase->stop(o);
	assert(o->prelude == NULL && o->catching == NULL);
	o->phase = next;
}

/* --- the end --- */

/* Stops what is under way for it, in this phase and beside it. */
static void stop_errands(struct outlet *o)
{
	loop_stop_timer(loop_of(o), &o->end);
	if (o->recheck != NULL)
		o->recheck->stop(o);
	if (o->gatherer != NULL)
		o->gatherer->ops->stop(o->gatherer);
}

void outlet_drop(struct outlet *o, const char *why)
{
	int fd = o->watch.fd;

	if (outlet_is(o, OUTLET_CLOSED))
		return;
	outlet_enter(o, &closed);
	census_closed(&o->set->census, selection_path(o->selection),
		      o->reason == NULL ? "client" : o->reason, loop_of(o)->now_ms - o->opened_ms);
	tally_closed(&o->set->tally, o, why);
	stop_errands(o);
	heartbeat_stop(o);
	subscriber_leave(&o->sub);
	loop_unwatch(loop_of(o), &o->watch);
	close(fd);
	code_take(o);
	quota_count_out(&o->set->quota, o->holder.user, o->address, &o->user_link);
	list_remove(&o->link);
	list_append(&o->set->closed, &o->link);
}

void outlet_end(struct outlet *o, int linger_ms)
{
	outlet_enter(o, &closing);
	stop_errands(o);
	heartbeat_give_up_in(o, linger_ms);
}

/* For these reasons many are closed at once. 0 for other reasons. */
static int spread_retry_ms(const struct outlet *o, const char *reason)
{
	static const char *const of_many[] = {"shutdown", "changed", "fault", "failed"};

	for (size_t i = 0; i < ARRAY_SIZE(of_many); i++)
		if (strcmp(reason, of_many[i]) == 0)
			return outlets_spread_retry_ms(o->set);
	return 0;
}

bool outlet_has_begun_answer(const struct outlet *o)
{
	return o->gatherer != NULL && o->gatherer->ops->has_begun(o->gatherer);
}

void outlet_close(struct outlet *o, const char *reason)
{
	outlet_close_for(o, reason, false);
}

void outlet_close_for(struct outlet *o, const char *reason, bool renewable)
{
	if (outlet_is(o, OUTLET_CLOSED) || (outlet_is(o, OUTLET_CLOSING) && reason != NULL))
		return;
	if (reason == NULL ||
	    (o->sub.skip > 0 && subscriber_fell_off(&o->sub, &o->set->router->log)) ||
	    outlet_has_begun_answer(o)) {
		o->reason = reason != NULL ? reason : o->reason != NULL ? o->reason : "shutdown";
		outlet_drop(o, reason == NULL ? "its socket is of no use" : reason);
		return;
	}
	o->reason = reason;
	log_debug("[STREAM %" PRIu64 "] is being closed: %s", o->number, reason);
	control_append_closing(&o->out, outlet_wire(o), reason, spread_retry_ms(o, reason),
			       renewable);
	outlet_end(o, OUTLET_LINGER_MS);
	outlet_flush(o);
}

void outlet_drop_slow(struct outlet *o)
{
	o->set->slow++;
	o->reason = "slow";
	outlet_drop(o, outlet_is(o, OUTLET_PRELUDE)
			       ? "slow: it takes nothing of its snapshot"
			       : "slow: it will find what it missed with its Last-Event-ID");
}

void outlet_free(struct outlet *o)
{
	selection_free(o->selection);
	if (o->gatherer != NULL)
		o->gatherer->ops->free(o->gatherer);
	buf_release(&o->out);
	holder_release(&o->holder);
	free(o->code);
	free(o->address);
	free(o);
}

/* --- timers and socket --- */

static void give_up(struct outlet *o)
{
	if (outlet_is(o, OUTLET_CLOSING))
		outlet_drop(o, "it did not take its last event in time");
	else
		outlet_drop_slow(o);
}

/* A ping goes between frames. A gatherer has none, and then only what there is goes out. */
static void ping(struct outlet *o)
{
	if (o->sub.skip == 0 && o->gatherer == NULL) {
		ping_append(o->set, &o->out, outlet_wire(o), o->ping_event);
		o->set->census.pings++;
	}
	outlet_flush(o);
}

void outlet_beat(struct timer *heartbeat)
{
	struct outlet *o = container_of(heartbeat, struct outlet, heartbeat.timer);

	if (outlet_is(o, OUTLET_CLOSING) || o->blocked)
		give_up(o);
	/* The timer of the token does not know of a wall clock that was set. */
	else if (o->holder.ends_ms <= clock_wall_ms())
		outlet_close(o, "expired");
	else if (heartbeat_is_due(o))
		ping(o);
}

static void left(struct outlet *o)
{
	if (!o->half_closed)
		heartbeat_left(o);
	outlet_drop(o, "the client left");
}

/*
 * The client has ended its side. Most have closed the connection, and some still read (nc -N, and
 * proxies that pass on the end of one side). A peer that has closed answers what is sent with a
 * reset. So it is sent a ping. On the same host the reset has come when send() returns, and then
 * the client's room is free at once.
 */
static void half_close(struct outlet *o)
{
	int fault = 0;
	socklen_t len = sizeof(fault);

	if (o->half_closed)
		return;
	heartbeat_left(o);
	o->half_closed = true;
	if (!outlet_is_ending(o) && o->gatherer != NULL)
		o->gatherer->ops->hurry(o->gatherer);
	else if (!outlet_is_ending(o) && !o->blocked)
		ping(o);
	if (!outlet_is(o, OUTLET_CLOSED) &&
	    getsockopt(o->watch.fd, SOL_SOCKET, SO_ERROR, &fault, &len) == 0 && fault != 0)
		left(o);
}

/* A client says nothing after its request, so what comes is thrown away. Too much ends it. */
static bool hears_on(struct outlet *o)
{
	enum drain said = drain(o->watch.fd);

	if (said == DRAIN_BROKEN)
		left(o);
	else if (said == DRAIN_ENDED)
		half_close(o);
	return !outlet_is(o, OUTLET_CLOSED);
}

void outlet_ready(struct watch *w, uint32_t events)
{
	struct outlet *o = container_of(w, struct outlet, watch);

	if (outlet_is(o, OUTLET_CLOSED))
		return;
	if (events & (EPOLLERR | EPOLLHUP)) {
		left(o);
		return;
	}
	if ((events & (EPOLLIN | EPOLLRDHUP)) && !hears_on(o))
		return;
	if (!(events & EPOLLOUT))
		return;
	if (o->blocked && !outlet_is_ending(o))
		heartbeat_go_on(o);
	o->blocked = false;
	outlet_flush(o);
}
