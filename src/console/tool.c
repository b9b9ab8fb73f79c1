/* SPDX-License-Identifier: PostgreSQL */
#include "console/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/loop.h"
#include "base/xalloc.h"
#include "http/codes.h"
#include "gate/waiter.h"

/* What the command writes to one of its descriptors. */
struct output {
	struct watch watch;
	struct tool *tool;
	struct buf bytes;
	bool ended;
};

struct tool {
	struct waiter waiter;
	struct tools *tools;
	pid_t pid; /* 0 if it has ended */
	struct output out, err;
};

/* --- the process --- */

static void stop_reading(struct output *o)
{
	int fd = o->watch.fd;

	if (fd < 0)
		return;
	loop_unwatch(o->tool->waiter.gate->loop, &o->watch);
	close(fd);
	o->ended = true;
}

/* It has closed its output, or nobody waits for it. A process that is killed is gone at once. */
static void end(struct tool *t)
{
	stop_reading(&t->out);
	stop_reading(&t->err);
	if (t->pid == 0)
		return;
	(void)kill(t->pid, SIGKILL);
	while (waitpid(t->pid, NULL, 0) == -1 && errno == EINTR)
		;
	t->pid = 0;
	t->tools->running = NULL;
}

static void over(struct waiter *w)
{
	struct tool *t = container_of(w, struct tool, waiter);

	end(t);
	buf_release(&t->out.bytes);
	buf_release(&t->err.bytes);
	free(t);
}

static void on_late(struct waiter *w)
{
	struct refusal refusal;

	end(container_of(w, struct tool, waiter));
	refusal_set(&refusal, HTTP_SERVICE_UNAVAILABLE, "The command did not end within %d s",
		    TOOL_MS / 1000);
	waiter_refuse(w, &refusal);
}

/* --- its answer --- */

/* The first line of what it complains of, without its name. */
static void answer_complaint(struct tool *t)
{
	const char *line = t->err.bytes.data;
	struct refusal refusal;

	if (strncmp(line, "pgherald: ", 10) == 0)
		line += 10;
	refusal_set(&refusal, HTTP_BAD_REQUEST, "%.*s", (int)strcspn(line, "\n"),
		    line[0] == '\0' ? "The command said nothing" : line);
	waiter_refuse(&t->waiter, &refusal);
}

static void conclude(struct tool *t)
{
	end(t);
	if (t->out.bytes.data[0] == '{')
		waiter_answer(&t->waiter, HTTP_OK, t->out.bytes.data, NULL, NULL);
	else
		answer_complaint(t);
}

static void on_output(struct watch *w, uint32_t events)
{
	struct output *o = container_of(w, struct output, watch);
	char room[16384];
	ssize_t n;

	(void)events;
	while ((n = read(w->fd, room, sizeof(room))) > 0)
		if (o->bytes.len < TOOL_OUTPUT_MAX)
			buf_append(&o->bytes, room, (size_t)n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	stop_reading(o);
	if (o->tool->out.ended && o->tool->err.ended)
		conclude(o->tool);
}

/* --- its begin --- */

static void init_output(struct output *o, struct tool *t)
{
	o->tool = t;
	buf_init(&o->bytes);
	watch_init(&o->watch, on_output);
}

static bool open_output(struct output *o, int *ret_write_end)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0)
		return false;
	*ret_write_end = ends[1];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
	    loop_watch(o->tool->waiter.gate->loop, &o->watch, ends[0], EPOLLIN))
		return true;
	close(ends[0]);
	return false;
}

/* It gets nothing of ours but its two outputs. The signals that we hold are not held there. */
static bool spawn(struct tool *t, char *const *words, char *const *environment, const int ends[2])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none;
	int failed;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	failed = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0) ||
		 posix_spawn_file_actions_adddup2(&files, ends[0], 1) ||
		 posix_spawn_file_actions_adddup2(&files, ends[1], 2) ||
		 posix_spawn_file_actions_addclosefrom_np(&files, 3) ||
		 posix_spawn(&t->pid, "/proc/self/exe", &files, &attributes, words, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	if (failed)
		t->pid = 0;
	return !failed;
}

static void free_environment(char **environment)
{
	for (char **e = environment; *e != NULL; e++) {
		explicit_bzero(*e, strlen(*e));
		free(*e);
	}
	free(environment);
}

static bool begin(struct tool *t, const char *const *words)
{
	char *line[TOOL_WORDS_MAX + 2] = {(char *)(uintptr_t)"pgherald"}, **environment;
	int ends[2] = {-1, -1};
	bool begun;

	for (size_t i = 0; i < TOOL_WORDS_MAX && words[i] != NULL; i++)
		line[i + 1] = (char *)(uintptr_t)words[i];
	environment = t->tools->environment(t->tools->ctx);
	begun = open_output(&t->out, &ends[0]) && open_output(&t->err, &ends[1]) &&
		spawn(t, line, environment, ends);
	free_environment(environment);
	for (int i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	return begun;
}

bool tool_run(struct tools *tools, struct gate *gate, const struct request *r,
	      const char *const *words, struct refusal *ret_refusal)
{
	struct tool *t;

	if (tools->running != NULL) {
		refusal_set(ret_refusal, HTTP_SERVICE_UNAVAILABLE,
			    "A command of the console is running: try again when it has ended");
		return false;
	}
	t = xcalloc(1, sizeof(*t));
	t->tools = tools;
	init_output(&t->out, t);
	init_output(&t->err, t);
	if (!waiter_init(&t->waiter, gate, r, on_late, over, ret_refusal)) {
		free(t);
		return false;
	}
	t->waiter.half_closed = waiter_drop; /* browsers do not close one half */
	loop_set_timer(gate->loop, &t->waiter.timer, TOOL_MS);
	tools->running = t;
	if (!begin(t, words)) {
		tools->running = NULL;
		refusal_for_now(ret_refusal);
		waiter_refuse(&t->waiter, ret_refusal);
	}
	return true;
}
