/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/outlet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "http/drain.h"
#include "outlet/expiry.h"
#include "outlet/opening.h"
#include "outlet/outlets.h"
#include "outlet/page.h"
#include "outlet/prelude.h"
#include "outlet/recheck.h"

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
			     .page = o->page};
}

/* --- the end --- */

void outlet_drop(struct outlet *o, const char *why)
{
	int fd = o->watch.fd;

	if (o->state == OUTLET_CLOSED)
		return;
	o->state = OUTLET_CLOSED;
	log_info("[STREAM %" PRIu64 "] closed: %s, %" PRIu64 " bytes in %" PRId64 " s", o->number,
		 why, o->bytes, (loop_of(o)->now_ms - o->opened_ms) / 1000);
	census_closed(&o->set->census, selection_path(o->selection),
		      o->reason == NULL ? "client" : o->reason, loop_of(o)->now_ms - o->opened_ms);
	heartbeat_stop(o);
	expiry_stop(o);
	recheck_stop(o);
	page_stop(o->page);
	prelude_stop(o);
	o->set->catchup.cancel(o->set->catchup.ctx, &o->catchup);
	subscriber_leave(&o->sub);
	loop_unwatch(loop_of(o), &o->watch);
	close(fd);
	outlets_count_out(o->set, o);
}

void outlet_end(struct outlet *o, int linger_ms)
{
	prelude_stop(o);
	page_stop(o->page);
	o->set->catchup.cancel(o->set->catchup.ctx, &o->catchup);
	o->state = OUTLET_CLOSING;
	expiry_stop(o);
	heartbeat_give_up_in(o, linger_ms);
}

void outlet_close(struct outlet *o, const char *reason)
{
	if (o->state == OUTLET_CLOSED || (o->state == OUTLET_CLOSING && reason != NULL))
		return;
	if (reason == NULL ||
	    (o->sub.skip > 0 && subscriber_fell_off(&o->sub, &o->set->router->log)) ||
	    (o->page != NULL && page_has_begun(o->page))) {
		o->reason = reason != NULL ? reason : o->reason != NULL ? o->reason : "shutdown";
		outlet_drop(o, reason == NULL ? "its socket is of no use" : reason);
		return;
	}
	o->reason = reason;
	log_debug("[STREAM %" PRIu64 "] is being closed: %s", o->number, reason);
	control_append_closing(&o->out, outlet_wire(o), reason);
	outlet_end(o, OUTLET_LINGER_MS);
	outlet_flush(o);
}

static void close_slow(struct outlet *o)
{
	o->set->slow++;
	o->reason = "slow";
	outlet_drop(o, o->prelude != NULL
			       ? "slow: it takes nothing of its snapshot"
			       : "slow: it will find what it missed with its Last-Event-ID");
}

void outlet_free(struct outlet *o)
{
	selection_free(o->selection);
	page_free(o->page);
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
	if (!o->blocked && o->state != OUTLET_CLOSING)
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

	if (o->page != NULL)
		return page_take(o->page);
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

static void drop_ended(struct outlet *o)
{
	char why[64];

	snprintf(why, sizeof(why), "ended by the server, %s", o->reason);
	outlet_drop(o, why);
}

/* All that was in `out` has gone. True if there is something to send again. */
static bool out_is_empty(struct outlet *o)
{
	if (o->state == OUTLET_CLOSING) {
		drop_ended(o);
		return false;
	}
	if (o->state == OUTLET_CATCHING && o->page_over) {
		opening_go_on(o);
		/* Its page may be whole now, and then the end of that is still to be sent. */
		return o->state == OUTLET_LIVE;
	}
	if (o->prelude != NULL)
		prelude_sent(o);
	return o->state == OUTLET_LIVE && o->sub.pending;
}

/* A connection that is being closed only needs the rest of a frame that has begun. */
static bool needs_log(const struct outlet *o)
{
	return o->state != OUTLET_CLOSING || o->sub.skip > 0;
}

void outlet_flush(struct outlet *o)
{
	uint64_t before = o->bytes, budget = 512 << 10;

	if (o->fault && o->state < OUTLET_CLOSING) {
		outlet_close(o, "fault");
		return;
	}
	while (o->state != OUTLET_CLOSED && !o->blocked) {
		if (o->page != NULL)
			page_settle(o->page);
		if (needs_log(o) && subscriber_fell_off(&o->sub, &o->set->router->log)) {
			close_slow(o);
			return;
		}
		if (o->bytes - before > budget) { /* others have their turn */
			router_touch_again(o->set->router, &o->sub);
			return;
		}
		if (o->sub.skip > 0 ||
		    (o->out.len == 0 && o->state == OUTLET_LIVE && o->sub.pending)) {
			if (!send_log(o, o->out.len > 0))
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

void outlet_give_up(struct outlet *o)
{
	if (o->state == OUTLET_CLOSING)
		outlet_drop(o, "it did not take its last event in time");
	else
		close_slow(o);
}

void outlet_ping(struct outlet *o)
{
	if (o->sub.skip == 0 && o->page == NULL) {
		control_append_ping(&o->out, outlet_wire(o));
		o->set->census.pings++;
	}
	outlet_flush(o);
}

void outlet_say_expiring(struct outlet *o, int64_t left_ms)
{
	outlets_give_code(o->set, o);
	control_append_expiring(&o->out, outlet_wire(o), left_ms, o->code);
	outlet_flush(o);
}

void outlet_renew(struct outlet *o, struct holder *holder)
{
	holder_release(&o->holder);
	o->holder = *holder;
	*holder = (struct holder){.user = NULL};
	prelude_renew(o);
	outlets_take_code(o->set, o);
	expiry_watch(o);
	log_info("[STREAM %" PRIu64 "] goes on with another token of '%s'", o->number,
		 o->holder.user);
}

/*
 * A client says nothing after its request, so what comes is thrown away. The end of what it says,
 * or too much of it, ends the connection.
 */
void outlet_ready(struct watch *w, uint32_t events)
{
	struct outlet *o = container_of(w, struct outlet, watch);

	if (o->state == OUTLET_CLOSED)
		return;
	if ((events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) ||
	    ((events & EPOLLIN) && !drain(o->watch.fd))) {
		heartbeat_left(o);
		outlet_drop(o, "the client left");
		return;
	}
	if (!(events & EPOLLOUT))
		return;
	if (o->blocked && o->state != OUTLET_CLOSING)
		heartbeat_go_on(o);
	o->blocked = false;
	outlet_flush(o);
}
