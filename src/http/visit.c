/* SPDX-License-Identifier: PostgreSQL */
#include "http/visit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/files.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "http/proxyhead.h"

static void on_late(struct timer *t)
{
	struct visit *v = container_of(t, struct visit, deadline);

	log_debug("a connection has not said or taken all in time, it is shut down");
	(void)shutdown(v->fd, SHUT_RDWR);
}

size_t visits_most(void)
{
	size_t half = files_limit() / 2;

	return half < VISITS_MOST ? half : VISITS_MOST;
}

void visits_init(struct visits *set, struct loop *loop, const struct proxies *proxies,
		 void (*arrived)(struct visit *v), void (*room)(struct visits *set))
{
	*set = (struct visits){.loop = loop, .proxies = proxies, .arrived = arrived, .room = room};
	list_init(&set->arriving);
	list_init(&set->lingering);
}

void visit_go_on(struct visit *v)
{
	if (v->fd >= 0)
		loop_set_timer(v->set->loop, &v->deadline,
			       v->set->count > visits_most() / 2 ? VISIT_CROWD_MS : VISIT_MS);
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

static void count_out(struct visit *v)
{
	loop_stop_timer(v->set->loop, &v->deadline);
	v->set->count--;
	v->set->room(v->set);
}

/* --- arriving --- */

static void stop_arriving(struct visit *v)
{
	loop_unwatch(v->set->loop, &v->watch);
	list_remove(&v->link);
	v->set->arriving_count--;
}

void visit_hand_over(struct visit *v)
{
	stop_arriving(v);
}

static void drop(struct visit *v)
{
	stop_arriving(v);
	close(v->fd);
	count_out(v);
	release(v);
}

/* `got` is what recv() says of the bytes. False if the visit arrives no more. */
static bool look_at_head(struct visit *v, char *bytes, ssize_t got, bool is_end)
{
	bool waits =
		got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
	bool known = got > 0 && head_scan_on(&v->head, bytes, (size_t)got, v->looked_at);

	if (got > 0) {
		v->looked_at = (size_t)got;
		explicit_bzero(bytes, (size_t)got); /* a token may be among them */
	}
	if (known)
		v->set->arrived(v);
	else if (!waits || is_end)
		drop(v);
	return !known && waits && !is_end;
}

/*
 * Reads the head of a proxy off, if there is one. Returns what it is. With GOOD the next look sees
 * what comes after it.
 */
static enum proxyhead read_proxyhead(struct visit *v, const char *bytes, size_t len)
{
	char waste[PROXYHEAD_MAX];
	size_t head_len = 0;
	enum proxyhead is = PROXYHEAD_NONE;

	if (proxies_trust(v->set->proxies, (const struct sockaddr *)&v->address))
		is = proxyhead_read(bytes, len, &head_len, &v->address, &v->address_len);
	v->begun = is == PROXYHEAD_NONE || is == PROXYHEAD_GOOD;
	if (is == PROXYHEAD_GOOD && recv(v->fd, waste, head_len, MSG_DONTWAIT) != (ssize_t)head_len)
		is = PROXYHEAD_BAD;
	return is;
}

/*
 * The bytes stay in the socket, where the library reads them again from the first one. False if the
 * visit arrives no more.
 */
static bool look(struct visit *v, bool is_end)
{
	char bytes[HEAD_MAX + 2];
	ssize_t got = recv(v->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);

	if (got > 0 && !v->begun)
		switch (read_proxyhead(v, bytes, (size_t)got)) {
		case PROXYHEAD_NONE:
			break;
		case PROXYHEAD_GOOD:
			return look(v, is_end);
		case PROXYHEAD_MORE:
			if (!is_end)
				return true;
			drop(v);
			return false;
		case PROXYHEAD_BAD:
			log_debug("a trusted proxy sent a PROXY head that is none");
			drop(v);
			return false;
		}
	return look_at_head(v, bytes, got, is_end);
}

static void on_said(struct watch *w, uint32_t events)
{
	(void)look(container_of(w, struct visit, watch),
		   (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0);
}

/*
 * Many clients have sent the whole head when we accept them. Only a visit of the others is watched.
 */
void visit_begin(struct visits *set, int fd, const struct sockaddr *address, socklen_t address_len)
{
	struct visit *v = xcalloc(1, sizeof(*v));

	v->set = set;
	v->fd = fd;
	memcpy(&v->address, address,
	       address_len < sizeof(v->address) ? address_len : sizeof(v->address));
	v->address_len = address_len;
	set->count++;
	set->arriving_count++;
	buf_init(&v->body);
	timer_init(&v->deadline, on_late);
	watch_init(&v->watch, on_said);
	list_append(&set->arriving, &v->link);
	visit_go_on(v);
	if (look(v, false) && !loop_watch(set->loop, &v->watch, fd, EPOLLIN | EPOLLRDHUP | EPOLLET))
		drop(v);
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
	       (v->body_unread || (ioctl(v->fd, FIONREAD, &unread) == 0 && unread > 0));
}

/* Takes over fd, unless it fails. */
static bool linger(struct visit *v, int fd)
{
	watch_init(&v->watch, on_more);
	if (fd < 0 || shutdown(fd, SHUT_WR) != 0 ||
	    !loop_watch(v->set->loop, &v->watch, fd, EPOLLIN))
		return false;
	v->fd = fd;
	timer_init(&v->deadline, on_lingered);
	loop_set_timer(v->set->loop, &v->deadline, VISIT_LINGER_MS);
	list_append(&v->set->lingering, &v->link);
	v->set->lingering_count++;
	return true;
}

void visit_end(struct visit *v)
{
	int fd = is_still_sent_to(v) ? fcntl(v->fd, F_DUPFD_CLOEXEC, 0) : -1;

	count_out(v);
	if (linger(v, fd))
		return;
	if (fd >= 0)
		close(fd);
	release(v);
}

/*
 * A few hundred bytes go into an empty buffer, so the kernel takes them at once. What the client
 * sent is still unread.
 */
void visit_dismiss(struct visit *v, const struct buf *answer)
{
	stop_arriving(v);
	if (send(v->fd, answer->data, answer->len, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_debug("a refusal could not be sent: %s", strerror(errno));
	count_out(v);
	if (v->set->lingering_count < VISITS_LINGERING && linger(v, v->fd))
		return;
	close(v->fd);
	release(v);
}

void visits_release(struct visits *set)
{
	list_each (node, tmp, &set->arriving)
		drop(container_of(node, struct visit, link));
	list_each (node, tmp, &set->lingering)
		stop_lingering(container_of(node, struct visit, link));
}
