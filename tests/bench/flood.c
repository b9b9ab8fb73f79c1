/* SPDX-License-Identifier: PostgreSQL */
/*
 * flood PORT PATH TOKEN RATE SECONDS SLOW: requests with a token that is refused, RATE a second, a connection each, on the loopback;
 * beside them SLOW connections that say a byte of a head a second and come back when they are closed. At the end one line
 * of JSON: how many requests were begun, answered by 401, otherwise, and how often a slow connection was closed.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 8192, IN_FLIGHT = 256 };

static struct sockaddr_in to = {.sin_family = AF_INET};
static char request[4096];
static int epoll_fd, in_flight, slow_count;
static bool is_slow[FILES];
static int slow_fds[FILES];
static long begun, refused, others, slow_closed;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A connection that has begun; -1: it could not. */
static int begin(bool slow)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	const char *bytes = slow ? "GET / HTTP/1.1\r\nX: " : request;

	if (fd < 0 || fd >= FILES || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    send(fd, bytes, strlen(bytes), MSG_NOSIGNAL) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	is_slow[fd] = slow;
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
	return fd;
}

static void take(int fd)
{
	char answer[4096];
	ssize_t got = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (is_slow[fd]) {
		slow_closed++;
	} else {
		in_flight--;
		if (got > 12 && memcmp(answer + 9, "401", 3) == 0)
			refused++;
		else
			others++;
	}
	close(fd);
	for (int i = 0; i < slow_count; i++)
		if (slow_fds[i] == fd)
			slow_fds[i] = -1;
}

static void drip(void)
{
	for (int i = 0; i < slow_count; i++)
		if (slow_fds[i] < 0)
			slow_fds[i] = begin(true);
		else
			(void)!send(slow_fds[i], "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void take_answers(int wait_ms)
{
	struct epoll_event events[64];
	int count = epoll_wait(epoll_fd, events, 64, wait_ms);

	for (int i = 0; i < count; i++)
		take(events[i].data.fd);
}

static void run(double rate, double seconds)
{
	double from = now_s(), dripped = 0, now;

	while ((now = now_s()) < from + seconds) {
		if (now > dripped + 1) {
			dripped = now;
			drip();
		}
		if ((double)begun < (now - from) * rate && in_flight < IN_FLIGHT && begin(false) >= 0) {
			begun++;
			in_flight++;
			take_answers(0);
		} else {
			take_answers(1);
		}
	}
	for (from = now_s(); in_flight > 0 && now_s() < from + 5;)
		take_answers(10);
}

int main(int argc, char **argv)
{
	if (argc != 7 || (slow_count = atoi(argv[6])) > FILES / 2) {
		fputs("usage: flood PORT PATH TOKEN RATE SECONDS SLOW\n", stderr);
		return 2;
	}
	to.sin_port = htons((unsigned short)atoi(argv[1]));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer %s\r\n\r\n", argv[2], argv[3]);
	memset(slow_fds, -1, sizeof(slow_fds));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	run(atof(argv[4]), atof(argv[5]));
	printf("{\"begun\": %ld, \"refused\": %ld, \"others\": %ld, \"slowClosed\": %ld}\n", begun, refused, others, slow_closed);
	return 0;
}
