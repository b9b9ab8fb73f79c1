/* SPDX-License-Identifier: PostgreSQL */
#include "http/parked.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "http/drain.h"
#include "http/visit.h"

static void end(struct parked *p)
{
	if (p->done)
		return;
	p->done = true;
	loop_stop_timer(p->set->loop, &p->timer);
	p->set->questions.cancel(p->set->questions.ctx, &p->question);
	loop_unwatch(p->set->loop, &p->watch);
	p->set->parked_count--;
	list_remove(&p->link);
	list_append(&p->set->parked_over, &p->link);
}

void parked_drop(struct parked *p)
{
	int fd = p->watch.fd;

	if (p->done)
		return;
	end(p);
	close(fd);
}

int parked_give(struct parked *p)
{
	int fd = p->watch.fd;

	end(p);
	return fd;
}

void parked_send(struct parked *p, const struct buf *bytes)
{
	/* A few hundred bytes into an empty buffer: what does not take them at once is gone. */
	if (send(p->watch.fd, bytes->data, bytes->len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
	    (ssize_t)bytes->len)
		parked_drop(p);
}

/* What has come by now is read, so that closing is no reset. What may still come is waited for, but
 * not longer than a visit lingers. */
static void finish(struct parked *p)
{
	bool is_open = drain(p->watch.fd);

	if (!p->said)
		shutdown(p->watch.fd, SHUT_WR);
	if (!p->lingers || !is_open)
		parked_drop(p);
	else if (!p->said)
		loop_set_timer(p->set->loop, &p->timer, VISIT_LINGER_MS);
	p->said = true;
}

/* As much of the answer as the socket takes; the rest when epoll says so. An action's may be
 * megabytes. */
static void flush(struct parked *p)
{
	ssize_t n = 0;

	while (p->out_sent < p->out.len && n >= 0) {
		n = send(p->watch.fd, p->out.data + p->out_sent, p->out.len - p->out_sent,
			 MSG_NOSIGNAL | MSG_DONTWAIT);
		p->out_sent += n > 0 ? (size_t)n : 0;
		n = n < 0 && errno == EINTR ? 0 : n;
	}
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		loop_set_timer(p->set->loop, &p->timer, PARKED_ANSWER_MS);
		return;
	}
	if (n < 0)
		parked_drop(p);
	else
		finish(p);
}

void parked_reply(struct parked *p, const struct reply *reply)
{
	if (p->done || p->answered)
		return;
	p->answered = true;
	reply_append_raw(&p->out, reply, p->cors);
	flush(p);
}

void parked_answer(struct parked *p, unsigned status, const char *body, const char *header,
		   const char *value)
{
	parked_reply(p, &(struct reply){status, "application/json", body, header, value});
}

void parked_refuse(struct parked *p, const struct refusal *refusal)
{
	struct buf body;

	refusal_stats_count(&p->set->refusals, refusal->status);
	buf_init(&body);
	reply_append_error(&body, refusal->sentence);
	parked_answer(p, refusal->status, body.data, refusal->header, refusal->value);
	buf_release(&body);
}

static void on_late(struct timer *t)
{
	struct parked *p = container_of(t, struct parked, timer);
	struct refusal refusal;

	if (p->answered) { /* the client takes nothing of it */
		parked_drop(p);
		return;
	}
	if (p->late != NULL) {
		p->late(p);
		return;
	}
	refusal_for_now(&refusal);
	parked_refuse(p, &refusal);
}

/* The database is at it: it is done whether or not the client is there. */
static bool is_under_way(const struct parked *p)
{
	return p->asked && !p->opens && !list_linked(&p->question.link);
}

/* A client that says no more may have left, or still wait for its answer: they look alike. What has
 * not been begun is not begun for it. */
static void on_ready(struct watch *w, uint32_t events)
{
	struct parked *p = container_of(w, struct parked, watch);

	if (p->done)
		return;
	if (events & (EPOLLERR | EPOLLHUP))
		parked_drop(p);
	else if (p->answered)
		flush(p);
	else if (!drain(w->fd) && !is_under_way(p))
		parked_drop(p);
}

bool parked_init(struct parked *p, struct outlets *set, const struct request *r,
		 void (*late)(struct parked *p), void (*over)(struct parked *p),
		 struct refusal *ret_refusal)
{
	int fd = set->draining || set->parked_count >= PARKED_MAX ? -1 : request_take_socket(r);

	*p = (struct parked){.set = set,
			     .bare = r->http10,
			     .lingers = r->sends_more,
			     .late = late,
			     .over = over};
	buf_init(&p->out);
	watch_init(&p->watch, on_ready);
	timer_init(&p->timer, on_late);
	if (fd < 0 ||
	    !loop_watch(set->loop, &p->watch, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET)) {
		if (fd >= 0)
			close(fd);
		refusal_for_now(ret_refusal);
		return false;
	}
	p->cors = reply_cors(r, set->options);
	p->address = xstrdup(r->address);
	loop_set_timer(set->loop, &p->timer, PARKED_ANSWER_MS);
	set->parked_count++;
	list_append(&set->parked, &p->link);
	return true;
}

void parked_ask(struct parked *p)
{
	p->stale = false;
	p->asked = true;
	p->set->questions.submit(p->set->questions.ctx, &p->question);
}

void parked_doubt(struct outlets *set, const char *sub)
{
	list_each (node, tmp, &set->parked) {
		struct parked *p = container_of(node, struct parked, link);

		if (sub == NULL || (p->sub != NULL && strcmp(p->sub, sub) == 0))
			p->stale = true;
	}
}

void parked_drain(struct outlets *set)
{
	list_each (node, tmp, &set->parked) {
		struct parked *p = container_of(node, struct parked, link);

		if (p->opens)
			parked_drop(p);
	}
}

void parked_give_up(struct outlets *set)
{
	static const struct refusal refusal = {
		MHD_HTTP_SERVICE_UNAVAILABLE,
		"The server stops, and it is not known whether this was done", NULL, NULL};

	list_each (node, tmp, &set->parked)
		parked_refuse(container_of(node, struct parked, link), &refusal);
}

void parked_reap(struct outlets *set)
{
	list_each (node, tmp, &set->parked_over) {
		struct parked *p = container_of(node, struct parked, link);

		char *cors = p->cors, *address = p->address;

		buf_release(&p->out);
		list_remove(node);
		p->over(p);
		free(cors);
		free(address);
	}
}
