/* SPDX-License-Identifier: PostgreSQL */
/* consumer PORT PATH: one subscriber of a stream of pgherald on the loopback, in HTTP/1.0, so that
 * nothing is chunked. */
#include "measure.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static char buffer[1 << 18];
static long event_id;
static bool ready;

/* Lines come in the order id, event, data; the number of a change is what stands behind the last
 * '-' of its id. */
static void take_line(char *line, double now_s)
{
	if (strncmp(line, "id: ", 4) == 0) {
		const char *dash = strrchr(line, '-');

		event_id = dash != NULL ? atol(dash + 1) : 0;
	} else if (strncmp(line, "event: connected", 16) == 0 && !ready) {
		ready = true;
		puts("ready");
	} else if (strncmp(line, "data: ", 6) == 0) {
		measure_event(line + 6, event_id, now_s);
	}
}

/* Takes the whole lines of the buffer; returns how much of a line is left at its beginning. */
static size_t take_lines(size_t len)
{
	double now_s = wall_s();
	char *line = buffer, *end = buffer + len, *stop_at;

	while ((stop_at = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		*stop_at = '\0';
		take_line(line, now_s);
		line = stop_at + 1;
	}
	memmove(buffer, line, (size_t)(end - line));
	return (size_t)(end - line);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	size_t len = 0;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (argc != 3)
		return measure_fail("usage", "consumer PORT PATH");
	measure_begin();
	to.sin_port = htons((uint16_t)atoi(argv[1]));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return measure_fail("connect", strerror(errno));
	dprintf(fd, "GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n",
		argv[2]);
	while (measure_wait(fd)) {
		ssize_t got = recv(fd, buffer + len, sizeof(buffer) - len, MSG_DONTWAIT);

		if (got > 0)
			len = take_lines(len + (size_t)got);
		else if (got == 0 || (errno != EAGAIN && errno != EINTR))
			return measure_fail("the stream has ended",
					    got == 0 ? "closed" : strerror(errno));
	}
	return measure_end();
}
