/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/outlet.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/chance.h"
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

static bool is(const struct outlet *o, enum outlet_state state)
{
	return o->phase->state == state;
}

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

	if (is(o, OUTLET_CLOSED))
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

/*
 * Many are closed at once for these reasons, and come back by themselves. Each is told another time
 * for that, from half of `retry` to one and a half. 0 for other reasons.
 */
static int spread_retry_ms(const struct outlet *o, const char *reason)
{
	static const char *const of_many[] = {"shutdown", "changed", "fault", "failed"};
	int retry_ms = o->set->options->retry_ms;

	for (size_t i = 0; i < ARRAY_SIZE(of_many); i++)
		if (strcmp(reason, of_many[i]) == 0)
			return retry_ms / 2 + chance_up_to(retry_ms);
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
	if (is(o, OUTLET_CLOSED) || (is(o, OUTLET_CLOSING) && reason != NULL))
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

static void close_slow(struct outlet *o)
{
	o->set->slow++;
	o->reason = "slow";
	outlet_drop(o, is(o, OUTLET_PRELUDE)
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

/* --- sending --- */

void outlet_append_as(struct outlet *o, const struct stream_def *def, const struct cursor *at,
		      struct text name, struct text data)
{
	struct wire wire = outlet_wire(o);

	wire.format = def->format;
	wire.sealed = def->sealed;
	if (o->fault) /* a client would believe the id of what follows a missing event */
		return;
	if (!def->sealed || sealer_seal(&o->set->router->sealer, name, &wire.format, &data)) {
		control_append_event(&o->out, wire, at, name, data);
		return;
	}
	log_error("[STREAM %" PRIu64 "] an event cannot be sealed (" SEALER_LACKS ")", o->number);
	o->fault = true;
	router_touch_again(o->set->router, &o->sub);
}

void outlet_append(struct outlet *o, const struct cursor *at, struct text name, struct text data)
{
	outlet_append_as(o, &o->sub.stream->def, at, name, data);
}

/* Notes the result of a send: n bytes, or -1 with errno. True if more may be tried. */
static bool sent(struct outlet *o, ssize_t n)
{
	if (n >= 0) {
		o->bytes += (uint64_t)n;
		o->set->census.bytes += (uint64_t)n;
		heartbeat_sent(o);
		return true;
	}
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		outlet_drop(o, "the client is gone");
		return false;
	}
	if (!o->blocked && !outlet_is_ending(o))
		heartbeat_give_up_in(o, OUTLET_STALL_MS);
	o->blocked = true;
	return false;
}

static bool send_out(struct outlet *o)
{
	ssize_t n = send(o->watch.fd, o->out.data + o->out_sent, o->out.len - o->out_sent,
			 MSG_NOSIGNAL);

	if (!sent(o, n))
		return false;
	o->out_sent += n > 0 ? (size_t)n : 0;
	if (o->out_sent == o->out.len) {
		buf_release(&o->out); /* most connections never need it again */
		o->out_sent = 0;
	}
	return true;
}

/*
 * Counts the frames of which the first byte has gone. What is appended from now on comes after
 * them.
 */
static void count_begun(struct outlet *o, const struct gather *g, size_t bytes)
{
	for (int i = 0; i < g->count && bytes > 0; i++) {
		if (i > 0 || o->sub.skip == 0)
			gzip_count(&o->total, packer_sum(g->iov[i].iov_base));
		bytes -= bytes < g->iov[i].iov_len ? bytes : g->iov[i].iov_len;
	}
}

/*
 * Sends from the shared log. With only_begun, it finishes the frame that has begun and sends no
 * more, because `out` comes next.
 */
static bool send_log(struct outlet *o, bool only_begun)
{
	struct msghdr message = {.msg_iovlen = 1};
	struct gather g;
	ssize_t n;

	if (o->gatherer != NULL)
		return o->gatherer->ops->take(o->gatherer);
	subscriber_gather(&o->sub, &o->set->router->log, &g);
	/* Nothing so far is for it. If there is more to look at, that is done in the next turn. */
	if (g.count == 0) {
		subscriber_advance(&o->sub, &o->set->router->log, &g, 0);
		if (o->sub.pending)
			router_touch_again(o->set->router, &o->sub);
		return !o->sub.pending;
	}
	message.msg_iov = g.iov;
	message.msg_iovlen = only_begun ? 1 : (size_t)g.count;
	n = sendmsg(o->watch.fd, &message, MSG_NOSIGNAL);
	if (!sent(o, n))
		return false;
	if (o->sub.form & FRAME_PACKED)
		count_begun(o, &g, n > 0 ? (size_t)n : 0);
	subscriber_advance(&o->sub, &o->set->router->log, &g, n > 0 ? (size_t)n : 0);
	return true;
}

/* All that was in `out` has gone. True if there is something to send again. */
static bool out_is_empty(struct outlet *o)
{
	const struct phase *before = o->phase;

	if (before->drained != NULL)
		before->drained(o);
	/* What a gatherer has may be whole in a new phase, and then its end is still to be sent. */
	return is(o, OUTLET_LIVE) && (o->phase != before || (o->sub.pending && !o->held));
}

/* A connection that is being closed only needs the rest of a frame that has begun. */
static bool needs_log(const struct outlet *o)
{
	return !is(o, OUTLET_CLOSING) || o->sub.skip > 0;
}

void outlet_flush(struct outlet *o)
{
	uint64_t before = o->bytes, budget = 512 << 10;

	if (o->fault && !outlet_is_ending(o)) {
		outlet_close(o, "fault");
		return;
	}
	while (!is(o, OUTLET_CLOSED) && !o->blocked) {
		if (o->gatherer != NULL)
			o->gatherer->ops->settle(o->gatherer);
		if (needs_log(o) && subscriber_fell_off(&o->sub, &o->set->router->log)) {
			close_slow(o);
			return;
		}
		if (o->bytes - before > budget) { /* others have their turn */
			router_touch_again(o->set->router, &o->sub);
			return;
		}
		if (o->sub.skip > 0 ||
		    (o->out.len == 0 && is(o, OUTLET_LIVE) && o->sub.pending && !o->held)) {
			if (!send_log(o, o->out.len > 0 || o->held))
				return;
		} else if (o->out.len > 0) {
			if (!send_out(o))
				return;
		} else if (!out_is_empty(o)) {
			return;
		}
	}
}

/* --- timers and socket --- */

static void give_up(struct outlet *o)
{
	if (is(o, OUTLET_CLOSING))
		outlet_drop(o, "it did not take its last event in time");
	else
		close_slow(o);
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

	if (is(o, OUTLET_CLOSING) || o->blocked)
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
	if (!is(o, OUTLET_CLOSED) &&
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
	return !is(o, OUTLET_CLOSED);
}

void outlet_ready(struct watch *w, uint32_t events)
{
	struct outlet *o = container_of(w, struct outlet, watch);

	if (is(o, OUTLET_CLOSED))
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
