/* SPDX-License-Identifier: PostgreSQL */
/*
 * bridge URL PORT: brings notifications to nchan, as an application would. LISTEN, and one POST to
 * /pub/USER for each payload `USER DATA`. All go through one connection of the loopback, one after
 * another without waiting for answers. An answer that is not 2xx ends it.
 */
#include "loopback.h"
#include "notified.h"

#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static int nginx;

static bool post(const char *payload)
{
	static char request[9000];
	char *data;
	long user = strtol(payload, &data, 10);
	int len = snprintf(request, sizeof(request),
			   "POST /pub/%ld HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s",
			   user, strlen(data + 1), data + 1);

	return send(nginx, request, (size_t)len, MSG_NOSIGNAL) == len;
}

/* Status lines may be cut anywhere, so one that is cut is not judged. */
static bool take_answers(void)
{
	char answers[1 << 16], *status = answers;
	ssize_t got = recv(nginx, answers, sizeof(answers) - 1, 0);

	if (got <= 0)
		return false;
	answers[got] = '\0';
	while ((status = strstr(status, "HTTP/1.1 ")) != NULL) {
		status += 9;
		if (*status != '2' && *status != '\0') {
			fprintf(stderr, "nchan answers %.40s\n", status);
			return false;
		}
	}
	return true;
}

/* Until one of both is gone. */
static void run(PGconn *connection)
{
	struct pollfd fds[] = {{.fd = PQsocket(connection), .events = POLLIN},
			       {.fd = nginx, .events = POLLIN}};

	while (poll(fds, 2, -1) > 0)
		if ((fds[0].revents != 0 && !notified_take(connection, post)) ||
		    (fds[1].revents != 0 && !take_answers()))
			return;
}

static bool connect_to(int port)
{
	struct sockaddr_in to = loopback(port);
	int yes = 1;

	nginx = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(nginx, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return connect(nginx, (struct sockaddr *)&to, sizeof(to)) == 0;
}

int main(int argc, char **argv)
{
	PGconn *connection = argc == 3 ? notified_connect(argv[1]) : NULL;

	if (connection == NULL || !connect_to(atoi(argv[2]))) {
		fputs("usage: bridge URL PORT\n", stderr);
		return 1;
	}
	puts("ready");
	fflush(stdout);
	run(connection);
	return 1;
}
