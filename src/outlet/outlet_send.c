/* SPDX-License-Identifier: PostgreSQL */
/* outlet_send.c: what goes out, from the outlet's own bytes and from the shared log. */
#include "outlet/outlet.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "base/log.h"
#include "outlet/outlets.h"

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
	return outlet_is(o, OUTLET_LIVE) && (o->phase != before || (o->sub.pending && !o->held));
}

/* A connection that is being closed only needs the rest of a frame that has begun. */
static bool needs_log(const struct outlet *o)
{
	return !outlet_is(o, OUTLET_CLOSING) || o->sub.skip > 0;
}

void outlet_flush(struct outlet *o)
{
	uint64_t before = o->bytes, budget = 512 << 10;

	if (o->fault && !outlet_is_ending(o)) {
		outlet_close(o, "fault");
		return;
	}
	while (!outlet_is(o, OUTLET_CLOSED) && !o->blocked) {
		if (o->gatherer != NULL)
			o->gatherer->ops->settle(o->gatherer);
		if (needs_log(o) && subscriber_fell_off(&o->sub, &o->set->router->log)) {
			outlet_drop_slow(o);
			return;
		}
		if (o->bytes - before > budget) { /* others have their turn */
			router_touch_again(o->set->router, &o->sub);
			return;
		}
		if (o->sub.skip > 0 ||
		    (o->out.len == 0 && outlet_is(o, OUTLET_LIVE) && o->sub.pending && !o->held)) {
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
