/* SPDX-License-Identifier: PostgreSQL */
#include "crowd.h"

#include "cursors.h"
#include "loopback.h"
#include "score.h"
#include "sse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORTS = 20000
}; /* connections of one source address; the kernel has 28,000 ports for each */

struct who {
	long user;
	char *path, *token; /* token: NULL without one */
};

struct reader {
	const struct who *who;
	struct sse answer;
	long seq; /* of its last event */
	int fd;   /* -1: it is away */
	bool asked, live, still;
	char cursor[CURSOR_SIZE]; /* where it resumes; empty: nowhere */
};

static struct crowd_plan plan;
static struct who *whos;
static struct reader *readers;
static int who_count, epoll_fd, next_away, opening, live_count, behind, refused;
static long goal;
static double begun_s;
static bool open_due, complete_due; /* it was asked for, and has not been achieved yet */
static char buffer[1 << 18];

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- who they are --- */

/* A line is `USER PATH [TOKEN]`. */
static void add_who(char *line)
{
	char *rest, *user = strtok_r(line, " \n", &rest), *path = strtok_r(NULL, " \n", &rest);
	char *token = strtok_r(NULL, " \n", &rest);

	if (path == NULL)
		return;
	whos = realloc(whos, sizeof(*whos) * (size_t)(who_count + 1));
	whos[who_count++] = (struct who){.user = atol(user),
					 .path = strdup(path),
					 .token = token == NULL ? NULL : strdup(token)};
}

int crowd_gather(const struct crowd_plan *wanted, const char *name)
{
	FILE *file = fopen(name, "r");
	char *line = NULL;
	size_t size = 0;

	plan = *wanted;
	while (file != NULL && getline(&line, &size, file) > 0)
		add_who(line);
	free(line);
	if (file != NULL)
		fclose(file);
	readers = calloc((size_t)plan.count, sizeof(*readers));
	if (who_count == 0 || readers == NULL) {
		fprintf(stderr, "%s: no reader stands there\n", name);
		return -1;
	}
	for (int i = 0; i < plan.count; i++)
		readers[i] = (struct reader){.who = &whos[i % who_count],
					     .fd = -1,
					     .still = i >= plan.count - plan.still};
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	return epoll_fd;
}

/* --- the way in and out --- */

static void watch(struct reader *r, int operation, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = r};

	epoll_ctl(epoll_fd, operation, r->fd, &event);
}

static void close_reader(struct reader *r)
{
	close(r->fd);
	r->fd = -1;
	if (r->live)
		live_count--;
	else
		opening--;
	r->live = r->asked = false;
	sse_free(&r->answer);
}

/* It was not let in. It tries again, and next_away must find it. */
static void refuse(struct reader *r)
{
	close_reader(r);
	score.refused++;
	refused++;
	next_away = 0;
}

/* Loopback addresses that differ have ports of their own. */
static void choose_source(int fd, int place)
{
	struct sockaddr_in from = loopback(0);

	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(place / PORTS));
	if (place >= PORTS &&
	    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int)) == 0)
		(void)!bind(fd, (struct sockaddr *)&from, sizeof(from));
}

static void come(struct reader *r)
{
	struct sockaddr_in to = loopback(plan.port);

	r->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	opening++;
	choose_source(r->fd, (int)(r - readers));
	if (connect(r->fd, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != EINPROGRESS)
		refuse(r);
	else
		watch(r, EPOLL_CTL_ADD, EPOLLOUT);
}

static void ask(struct reader *r)
{
	bool token = r->who->token != NULL, cursor = r->cursor[0] != '\0';
	int len = snprintf(buffer, sizeof(buffer),
			   "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: "
			   "text/event-stream\r\n%s%s%s%s%s%s\r\n",
			   r->who->path, token ? "Authorization: Bearer " : "",
			   token ? r->who->token : "", token ? "\r\n" : "",
			   cursor ? "Last-Event-ID: " : "", cursor ? r->cursor : "",
			   cursor ? "\r\n" : "");

	if (send(r->fd, buffer, (size_t)len, MSG_NOSIGNAL) != len) {
		refuse(r);
		return;
	}
	r->asked = true;
	watch(r, EPOLL_CTL_MOD, EPOLLIN);
}

/* --- what comes --- */

static void become_live(struct reader *r)
{
	r->live = true;
	opening--;
	live_count++;
	if (r->still)
		watch(r, EPOLL_CTL_MOD, EPOLLRDHUP);
}

static void take_event(struct reader *r, const char *data)
{
	bool late = r->seq < goal;

	r->seq = score_event(data, r->who->user, r->seq, late);
	if (late && r->seq >= goal)
		behind--;
	if (r == readers)
		cursors_learn(r->seq);
}

/* nchan says `: hi` where others say `connected`. */
static void take_line(void *whose, char *line)
{
	struct reader *r = whose;

	if (strncmp(line, "data: ", 6) == 0)
		take_event(r, line + 6);
	else if (strncmp(line, "id: ", 4) == 0 && r == readers)
		cursors_see(line + 4);
	else if (!r->live && (strcmp(line, "event: connected") == 0 || strcmp(line, ": hi") == 0))
		become_live(r);
}

static void end(struct reader *r)
{
	if (!r->live) {
		refuse(r);
		return;
	}
	score.ended++;
	close_reader(r);
}

static void read_answer(struct reader *r)
{
	ssize_t got = recv(r->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (got > 0) {
		score.bytes += got;
		sse_take(&r->answer, buffer, (size_t)got, take_line, r);
		if (r->answer.state == SSE_ENDED ||
		    (r->answer.status != 200 && r->answer.status != 0))
			end(r);
	} else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		end(r);
	}
}

void crowd_take(struct reader *r, uint32_t events)
{
	if (r->fd < 0)
		return;
	if (!r->asked)
		ask(r);
	else if (r->still && r->live)
		end(r); /* it is told of nothing but the end */
	else if (events != 0)
		read_answer(r);
}

/* --- all of them --- */

/* The ages of their cursors are spread evenly over all that reader 0 has seen. */
static void choose_cursor(struct reader *r, long newest)
{
	long place = r - readers, seq = newest - place * cursors_depth(newest) / plan.count;

	r->cursor[0] = '\0';
	if (goal == 0)
		return;
	cursors_find(seq, r->cursor);
	score.reached += seq - r->seq;
	r->seq = seq;
	behind += seq < goal;
}

void crowd_open(long wanted)
{
	long newest = readers[0].seq;

	goal = wanted;
	behind = next_away = refused = 0;
	open_due = true;
	complete_due = goal > 0;
	begun_s = now_s();
	for (int i = 0; i < plan.count; i++)
		if (readers[i].fd < 0)
			choose_cursor(&readers[i], newest);
}

void crowd_leave(void)
{
	open_due = complete_due = false;
	for (int i = 0; i < plan.count; i++)
		if (readers[i].fd >= 0)
			close_reader(&readers[i]);
	puts("left");
}

/* -1: too many were refused. */
static int open_more(void)
{
	while (opening < plan.window && next_away < plan.count && refused <= 10 * plan.count) {
		struct reader *r = &readers[next_away++];

		if (r->fd < 0)
			come(r);
	}
	return refused <= 10 * plan.count ? 0 : -1;
}

int crowd_turn(void)
{
	if (open_due && open_more() < 0)
		return -1;
	if (open_due && live_count == plan.count) {
		open_due = false;
		printf("open %.6f\n", now_s() - begun_s);
	}
	if (complete_due && !open_due && behind == 0) {
		complete_due = false;
		printf("complete %.6f\n", now_s() - begun_s);
	}
	return 0;
}
