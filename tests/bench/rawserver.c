/* SPDX-License-Identifier: PostgreSQL */
/*
 * rawserver URL PORT: the yardstick. It does what cannot be left out, in one loop: LISTEN, and one
 * send() for each event and subscriber. It speaks chunked HTTP/1.1 on the loopback. It has no
 * token, no log, no ids and no resume, and a subscriber whose socket is full is closed.
 *
 * A payload is `USER DATA`. `GET /?user=N` gets those of user N, any other GET those of user 0.
 */
#include "files.h"
#include "loopback.h"
#include "notified.h"

#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { USERS = 1 << 17, AT_ONCE = 512 };

/* Who subscribes to a user, without gaps, so that a broadcast reads memory in a row. */
struct group {
	int *fds, count, room;
};

struct subscriber {
	bool subscribed;
	long user;
	int place; /* in the group */
};

static struct group groups[USERS];
static struct subscriber *subscribers; /* by descriptor */
static int epoll_fd, listener;

/* --- subscribers --- */

static void join(int fd, long user)
{
	struct group *g = &groups[user];

	if (g->count == g->room) {
		g->room = g->room == 0 ? 1 : g->room * 2;
		g->fds = realloc(g->fds, sizeof(int) * (size_t)g->room);
	}
	subscribers[fd] = (struct subscriber){true, user, g->count};
	g->fds[g->count++] = fd;
}

/* The last one of the group takes its place. */
static void leave(int fd)
{
	struct subscriber *s = &subscribers[fd];
	struct group *g = &groups[s->user];

	if (s->subscribed) {
		g->fds[s->place] = g->fds[--g->count];
		subscribers[g->fds[s->place]].place = s->place;
		s->subscribed = false;
	}
	close(fd);
}

static void answer(int fd, const char *request)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
				   "Cache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
				   "24\r\nevent: connected\ndata: \"connected\"\n\n\r\n";
	const char *user = strstr(request, "?user=");
	long number = user == NULL ? 0 : atol(user + 6);

	if (number < 0 || number >= USERS ||
	    send(fd, head, sizeof(head) - 1, MSG_NOSIGNAL) != sizeof(head) - 1)
		leave(fd);
	else
		join(fd, number);
}

/* A request comes in one piece. What a subscriber says later is not read. */
static void hear(int fd)
{
	char request[4096];
	ssize_t got = recv(fd, request, sizeof(request) - 1, 0);

	if (got <= 0) {
		leave(fd);
	} else if (!subscribers[fd].subscribed) {
		request[got] = '\0';
		answer(fd, request);
	}
}

static void welcome(void)
{
	struct epoll_event event = {.events = EPOLLIN};

	while ((event.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
		epoll_ctl(epoll_fd, EPOLL_CTL_ADD, event.data.fd, &event);
}

/* --- events --- */

/* The end of one whose socket is full comes by epoll, as that of others does. */
static void send_all(const struct group *g, const char *frame, size_t len)
{
	for (int i = 0; i < g->count; i++)
		if (send(g->fds[i], frame, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
			shutdown(g->fds[i], SHUT_RDWR);
}

static bool tell(const char *payload)
{
	static char event[9000], frame[9100];
	char *data;
	long user = strtol(payload, &data, 10);
	int len = snprintf(event, sizeof(event), "event: beat\ndata: %s\n\n", data + 1);

	len = snprintf(frame, sizeof(frame), "%x\r\n%s\r\n", (unsigned)len, event);
	if (user >= 0 && user < USERS)
		send_all(&groups[user], frame, (size_t)len);
	return true;
}

/* --- the loop --- */

static void watch(int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

/* Until the database is gone. */
static void run(PGconn *connection)
{
	struct epoll_event events[AT_ONCE];

	for (;;) {
		int count = epoll_wait(epoll_fd, events, AT_ONCE, -1);

		for (int i = 0; i < count; i++) {
			if (events[i].data.fd == listener)
				welcome();
			else if (events[i].data.fd != PQsocket(connection))
				hear(events[i].data.fd);
			else if (!notified_take(connection, tell))
				return;
		}
	}
}

static bool listen_at(int port)
{
	struct sockaddr_in at = loopback(port);
	int yes = 1;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* What it accepts has the same options. */
	setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	return bind(listener, (struct sockaddr *)&at, sizeof(at)) == 0 &&
	       listen(listener, SOMAXCONN) == 0;
}

int main(int argc, char **argv)
{
	long files = raise_files(0);
	PGconn *connection = argc == 3 ? notified_connect(argv[1]) : NULL;

	subscribers = calloc((size_t)files, sizeof(*subscribers));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (connection == NULL || subscribers == NULL || !listen_at(atoi(argv[2]))) {
		fputs("usage: rawserver URL PORT\n", stderr);
		return 1;
	}
	watch(listener);
	watch(PQsocket(connection));
	puts("ready");
	fflush(stdout);
	run(connection);
	return 1;
}
