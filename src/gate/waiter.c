/* SPDX-License-Identifier: PostgreSQL */
#include "gate/waiter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "http/codes.h"
#include "http/drain.h"
#include "http/visit.h"
#include "outlet/outlets.h"

static void end(struct waiter *w)
{
	if (w->done)
		return;
	w->done = true;
	loop_stop_timer(w->gate->loop, &w->timer);
	w->gate->questions.cancel(w->gate->questions.ctx, &w->question);
	loop_unwatch(w->gate->loop, &w->watch);
	w->gate->waiter_count--;
	list_remove(&w->link);
	list_append(&w->gate->waiters_over, &w->link);
}

void waiter_drop(struct waiter *w)
{
	int fd = w->watch.fd;

	if (w->done)
		return;
	end(w);
	close(fd);
}

int waiter_give(struct waiter *w)
{
	int fd = w->watch.fd;

	end(w);
	return fd;
}

void waiter_send(struct waiter *w, const struct buf *bytes)
{
	/*
	 * These are a few hundred bytes into an empty buffer. A client that does not take them at
	 * once is gone.
	 */
	if (send(w->watch.fd, bytes->data, bytes->len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)bytes->len)
		waiter_drop(w);
}

/*
 * What has come by now is read, so that closing is no reset. What may still come is waited for, but
 * no longer than VISIT_LINGER_MS.
 */
static void finish(struct waiter *w)
{
	bool is_open = drain(w->watch.fd) == DRAIN_MORE;

	if (!w->said)
		shutdown(w->watch.fd, SHUT_WR);
	if (!w->lingers || !is_open)
		waiter_drop(w);
	else if (!w->said)
		loop_set_timer(w->gate->loop, &w->timer, VISIT_LINGER_MS);
	w->said = true;
}

/*
 * Sends as much of the answer as the socket takes. The rest follows when epoll says so. The answer
 * of an action may be megabytes.
 */
static void flush(struct waiter *w)
{
	ssize_t n = 0;

	while (w->out_sent < w->out.len && n >= 0) {
		n = send(w->watch.fd, w->out.data + w->out_sent, w->out.len - w->out_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		w->out_sent += n > 0 ? (size_t)n : 0;
		n = n < 0 && errno == EINTR ? 0 : n;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		loop_set_timer(w->gate->loop, &w->timer, WAITER_ANSWER_MS);
		return;
	}
	if (n < 0)
		waiter_drop(w);
	else
		finish(w);
}

void waiter_reply(struct waiter *w, const struct reply *reply)
{
	if (w->done || w->answered)
		return;
	w->answered = true;
	reply_append_raw(&w->out, reply, w->cors);
	flush(w);
}

void waiter_end(struct waiter *w, const struct buf *bytes)
{
	if (w->done || w->answered)
		return;
	w->answered = true;
	buf_append(&w->out, bytes->data, bytes->len);
	flush(w);
}

void waiter_answer(struct waiter *w, unsigned status, const char *body, const char *header,
		   const char *value)
{
	waiter_reply(w, &(struct reply){status, "application/json", body, header, value});
}

static void answer_refusal(struct waiter *w, const struct refusal *refusal)
{
	struct buf body;

	buf_init(&body);
	reply_append_error(&body, refusal->sentence);
	waiter_answer(w, refusal->status, body.data, refusal->header, refusal->value);
	buf_release(&body);
}

void waiter_refuse(struct waiter *w, const struct refusal *refusal)
{
	refusal_stats_count(&w->gate->refusals, refusal->status);
	answer_refusal(w, refusal);
}

static void on_late(struct timer *t)
{
	struct waiter *w = container_of(t, struct waiter, timer);
	struct refusal refusal;

	if (w->answered) { /* the client does not take the answer */
		waiter_drop(w);
		return;
	}
	if (w->late != NULL) {
		w->late(w);
		return;
	}
	refusal_for_now(&refusal);
	waiter_refuse(w, &refusal);
}

/* True if the database works on it. Then it is done whether or not the client is there. */
static bool is_under_way(const struct waiter *w)
{
	return w->asked && !list_linked(&w->question.link);
}

/*
 * A client that says no more may have left, or may still wait for its answer. Both look alike. What
 * has not been begun is not begun for it. That is said to who still reads. As most have left, it is
 * not counted as refused.
 */
static void says_no_more(struct waiter *w)
{
	bool is_news = !w->ended;
	struct refusal refusal;

	w->ended = true;
	if (is_news && w->half_closed != NULL) {
		w->half_closed(w);
	} else if (w->half_closed == NULL && !is_under_way(w)) {
		refusal_for_now(&refusal);
		answer_refusal(w, &refusal);
	}
}

static void hear(struct waiter *w)
{
	switch (drain(w->watch.fd)) {
	case DRAIN_MORE:
		break;
	case DRAIN_ENDED:
		says_no_more(w);
		break;
	case DRAIN_BROKEN:
		if (!is_under_way(w))
			waiter_drop(w);
	}
}

static void on_ready(struct watch *watch, uint32_t events)
{
	struct waiter *w = container_of(watch, struct waiter, watch);

	if (w->done)
		return;
	if (events & (EPOLLERR | EPOLLHUP))
		waiter_drop(w);
	else if (w->answered)
		flush(w);
	else
		hear(w);
}

bool waiter_init(struct waiter *w, struct gate *gate, const struct request *r,
		 void (*late)(struct waiter *w), void (*over)(struct waiter *w),
		 struct refusal *ret_refusal)
{
	int fd = gate->outlets->draining || gate->waiter_count >= WAITER_MAX
			 ? -1
			 : request_take_socket(r);

	*w = (struct waiter){.gate = gate,
			     .bare = r->http10,
			     .lingers = r->sends_more,
			     .late = late,
			     .over = over};
	buf_init(&w->out);
	watch_init(&w->watch, on_ready);
	timer_init(&w->timer, on_late);
	if (fd < 0 ||
	    !loop_watch(gate->loop, &w->watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
		if (fd >= 0)
			close(fd);
		refusal_for_now(ret_refusal);
		return false;
	}
	w->cors = reply_cors(r, gate->options);
	w->address = xstrdup(r->address);
	loop_set_timer(gate->loop, &w->timer, WAITER_ANSWER_MS);
	gate->waiter_count++;
	list_append(&gate->waiters, &w->link);
	return true;
}

void waiter_ask(struct waiter *w, const char *user)
{
	w->question.client = (struct client){user, w->address};
	w->stale = false;
	w->asked = true;
	w->gate->questions.submit(w->gate->questions.ctx, &w->question);
}

void waiter_doubt(struct gate *gate, const char *sub)
{
	list_each (node, tmp, &gate->waiters) {
		struct waiter *w = container_of(node, struct waiter, link);

		if (sub == NULL || (w->sub != NULL && strcmp(w->sub, sub) == 0))
			w->stale = true;
	}
}

void waiter_drain(struct gate *gate)
{
	list_each (node, tmp, &gate->waiters) {
		struct waiter *w = container_of(node, struct waiter, link);

		if (w->leave != NULL)
			w->leave(w);
	}
}

void waiter_give_up(struct gate *gate)
{
	static const struct refusal refusal = {
		HTTP_SERVICE_UNAVAILABLE,
		"The server stops, and it is not known whether this was done", NULL, NULL};

	list_each (node, tmp, &gate->waiters)
		waiter_refuse(container_of(node, struct waiter, link), &refusal);
}

void waiter_reap(struct gate *gate)
{
	list_each (node, tmp, &gate->waiters_over) {
		struct waiter *w = container_of(node, struct waiter, link);

		char *cors = w->cors, *address = w->address;

		buf_release(&w->out);
		list_remove(node);
		w->over(w);
		free(cors);
		free(address);
	}
}
