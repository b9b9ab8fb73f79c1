/* SPDX-License-Identifier: PostgreSQL */
/*
 * loadclient PORT COUNT FILE STILL WINDOW: COUNT readers of Server-Sent Events on the loopback, in
 * HTTP/1.1. A line of FILE is `USER PATH [TOKEN]`; reader k takes line k, and begins again at the
 * first. The last STILL readers open and then never read. At most WINDOW are being opened at a
 * time. Commands come on stdin, a line each, and stdin's end is the end:
 *
 *   open           all connect                       `open SECONDS` when all have got `connected`
 *   leave          all close at once                 `left`
 *   return GOAL    all connect, with a Last-Event-ID `open SECONDS`, and `complete SECONDS` when
 *                  each, its own age old             each has got the event with the number GOAL
 *   report         -                                 a line of JSON: what came since the last one
 *
 * Besides, `reached N` at most ten times a second: the sum of the readers' last numbers.
 */
#include "crowd.h"
#include "files.h"
#include "score.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 512 };

static void obey(const char *command)
{
	if (strcmp(command, "open") == 0)
		crowd_open(0);
	else if (strcmp(command, "leave") == 0)
		crowd_leave();
	else if (strncmp(command, "return ", 7) == 0)
		crowd_open(atol(command + 7));
	else if (strcmp(command, "report") == 0)
		score_report();
}

/* Commands are short, and each comes in one piece. False: stdin has ended. */
static bool take_commands(void)
{
	char text[256], *rest, *command;
	ssize_t got = read(STDIN_FILENO, text, sizeof(text) - 1);

	if (got <= 0)
		return false;
	text[got] = '\0';
	for (command = strtok_r(text, "\n", &rest); command != NULL;
	     command = strtok_r(NULL, "\n", &rest))
		obey(command);
	return true;
}

static void tell_progress(void)
{
	static long told;
	static struct timespec told_at;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (score.reached == told ||
	    (now.tv_sec - told_at.tv_sec) * 1000 + (now.tv_nsec - told_at.tv_nsec) / 1000000 < 100)
		return;
	told = score.reached;
	told_at = now;
	printf("reached %ld\n", told);
}

static int run(int epoll_fd)
{
	struct epoll_event events[AT_ONCE];

	while (crowd_turn() == 0) {
		int count = epoll_wait(epoll_fd, events, AT_ONCE, 100);

		for (int i = 0; i < count; i++)
			if (events[i].data.ptr != NULL)
				crowd_take(events[i].data.ptr, events[i].events);
			else if (!take_commands())
				return 0;
		tell_progress();
	}
	fputs("too many connections were refused\n", stderr);
	return 1;
}

int main(int argc, char **argv)
{
	struct crowd_plan plan;
	struct epoll_event commands = {.events = EPOLLIN};
	int epoll_fd;

	if (argc != 6) {
		fputs("usage: loadclient PORT COUNT FILE STILL WINDOW\n", stderr);
		return 2;
	}
	plan = (struct crowd_plan){atoi(argv[1]), atoi(argv[2]), atoi(argv[4]), atoi(argv[5])};
	if (raise_files(plan.count + 16) < 0 || (epoll_fd = crowd_gather(&plan, argv[3])) < 0)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &commands);
	return run(epoll_fd);
}
