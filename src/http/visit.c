/* SPDX-License-Identifier: PostgreSQL */
#include "http/visit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/xalloc.h"

static void on_late(struct timer *t)
{
	struct visit *v = container_of(t, struct visit, deadline);

	log_debug("a connection has not said or taken all in time, it is shut down");
	(void)shutdown(v->fd, SHUT_RDWR);
}

static void on_more(struct watch *w, uint32_t events);

size_t visits_most(void)
{
	size_t half = files_limit() / 2;

	return half < VISITS_MOST ? half : VISITS_MOST;
}

void visits_init(struct visits *set, struct loop *loop)
{
	*set = (struct visits){.loop = loop};
	list_init(&set->lingering);
}

struct visit *visit_begin(struct visits *set, int fd)
{
	struct visit *v = xcalloc(1, sizeof(*v));

	v->set = set;
	v->fd = fd;
	set->count++;
	buf_init(&v->body);
	timer_init(&v->deadline, on_late);
	watch_init(&v->watch, on_more);
	visit_go_on(v);
	return v;
}

void visit_go_on(struct visit *v)
{
	if (v->fd >= 0)
		loop_set_timer(v->set->loop, &v->deadline, v->set->count > visits_most() / 2 ? VISIT_CROWD_MS : VISIT_MS);
}

void visit_leave(struct visit *v)
{
	loop_stop_timer(v->set->loop, &v->deadline);
	v->fd = -1;
}

static void release(struct visit *v)
{
	loop_stop_timer(v->set->loop, &v->deadline);
	buf_release(&v->body);
	target_release(&v->target);
	free(v);
}

/* --- lingering --- */

static void stop_lingering(struct visit *v)
{
	loop_unwatch(v->set->loop, &v->watch);
	close(v->fd);
	list_remove(&v->link);
	v->set->lingering_count--;
	release(v);
}

static void on_lingered(struct timer *t)
{
	stop_lingering(container_of(t, struct visit, deadline));
}

static void on_more(struct watch *w, uint32_t events)
{
	struct visit *v = container_of(w, struct visit, watch);
	char waste[16 << 10];
	ssize_t got = recv(v->fd, waste, sizeof(waste), MSG_DONTWAIT);

	(void)events;
	v->drained += got > 0 ? (size_t)got : VISIT_LINGER_BYTES;
	if (v->drained >= VISIT_LINGER_BYTES)
		stop_lingering(v);
}

static bool is_still_sent_to(const struct visit *v)
{
	int unread = 0;

	return v->fd >= 0 && v->set->lingering_count < VISITS_LINGERING &&
	       (v->body_refused || (ioctl(v->fd, FIONREAD, &unread) == 0 && unread > 0));
}

static bool linger(struct visit *v)
{
	int fd = fcntl(v->fd, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return false;
	if (shutdown(fd, SHUT_WR) != 0 || !loop_watch(v->set->loop, &v->watch, fd, EPOLLIN)) {
		close(fd);
		return false;
	}
	v->fd = fd;
	timer_init(&v->deadline, on_lingered);
	loop_set_timer(v->set->loop, &v->deadline, VISIT_LINGER_MS);
	list_append(&v->set->lingering, &v->link);
	v->set->lingering_count++;
	return true;
}

void visit_end(struct visit *v)
{
	v->set->count--;
	loop_stop_timer(v->set->loop, &v->deadline);
	if (!is_still_sent_to(v) || !linger(v))
		release(v);
}

void visits_release(struct visits *set)
{
	list_each (node, tmp, &set->lingering)
		stop_lingering(container_of(node, struct visit, link));
}
