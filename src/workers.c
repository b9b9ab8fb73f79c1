/* SPDX-License-Identifier: PostgreSQL */
#include "workers.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/activation.h"
#include "base/clock.h"
#include "base/crew.h"
#include "base/supervisor.h"
#include "base/xalloc.h"
#include "http/listening.h"
#include "exit.h"

#define LOOK_EVERY_MS 100
#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 10000

struct worker {
	pid_t pid; /* 0 if there is none now */
	int64_t started_ms, again_ms;
	int pause_ms;
	bool killed;  /* SIGKILL was sent */
	bool reloads; /* SIGHUP was sent, and it has not said that it is done */
	uint64_t reloaded;
};

struct workers {
	struct config *config; /* as it was at the start */
	server_reload_fn *reload;
	void *reload_ctx;
	struct crew *crew;
	struct worker all[CREW_MOST];
	size_t count;
	bool serving;  /* the service manager was told so */
	bool reloaded; /* the configuration may be another one than `config` */
	bool ending;
	int64_t alive_ms; /* when the service manager was told last that this process lives */
	int exit_status;
	sigset_t signals;
};

/* --- one worker --- */

/* Ends with its parent, also if that is killed. */
static void run_worker(struct workers *w, size_t number, pid_t parent)
{
	sigset_t child;
	int status;

	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_FAILED);
	(void)unsetenv("NOTIFY_SOCKET"); /* the parent tells the service manager */
	activation_inherit(parent);
	crew_join(w->crew, number);
	if (w->reloaded)
		(void)kill(getpid(), SIGHUP);
	/* The other signals wait until the server takes them. */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	(void)sigprocmask(SIG_UNBLOCK, &child, NULL);
	status = server_run(w->config, w->reload, w->reload_ctx, w->crew);
	log_flush();
	exit(status);
}

static void start_worker(struct workers *w, size_t number)
{
	struct worker *worker = &w->all[number];
	pid_t parent = getpid(), pid;

	crew_clear(w->crew, number);
	pid = log_fork();
	if (pid == 0)
		run_worker(w, number, parent);
	worker->started_ms = clock_mono_ms();
	worker->reloaded = 0;
	worker->reloads = worker->killed = false;
	if (pid > 0) {
		worker->pid = pid;
		return;
	}
	log_error("worker %zu cannot be started: %s", number, strerror(errno));
	worker->again_ms = worker->started_ms + PAUSE_MAX_MS;
}

static void signal_all(const struct workers *w, int signo)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->all[i].pid != 0)
			(void)kill(w->all[i].pid, signo);
}

static void begin_end(struct workers *w, int exit_status)
{
	if (w->ending)
		return;
	w->exit_status = exit_status;
	w->ending = true;
	signal_all(w, SIGTERM);
}

/* --- what happens to workers --- */

static void start_later(struct workers *w, struct worker *worker)
{
	int64_t now_ms = clock_mono_ms();

	if (now_ms - worker->started_ms > PAUSE_MAX_MS)
		worker->pause_ms = PAUSE_MIN_MS;
	worker->again_ms = now_ms + worker->pause_ms;
	worker->pause_ms =
		worker->pause_ms * 2 > PAUSE_MAX_MS ? PAUSE_MAX_MS : worker->pause_ms * 2;
	crew_clear(w->crew, (size_t)(worker - w->all));
}

static void take_end(struct workers *w, struct worker *worker, int status)
{
	size_t number = (size_t)(worker - w->all);

	worker->pid = 0;
	if (w->ending)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_DONE) {
		log_error("worker %zu has ended, so all end: it has said why", number);
		begin_end(w, WEXITSTATUS(status));
		return;
	}
	if (WIFSIGNALED(status))
		log_error("worker %zu was ended by signal %d, another one takes its place", number,
			  WTERMSIG(status));
	else
		log_warn("worker %zu has ended, another one takes its place", number);
	start_later(w, worker);
}

static void reap(struct workers *w)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < w->count; i++)
			if (w->all[i].pid == pid)
				take_end(w, &w->all[i], status);
}

/* One that hangs would get its share of the clients all the same. */
static void end_silent(struct workers *w, size_t number, int64_t now_ms)
{
	struct worker *worker = &w->all[number];
	int64_t heard_ms = crew_heard_ms(w->crew, number);

	if (now_ms - (heard_ms == 0 ? worker->started_ms : heard_ms) < WORKERS_SILENT_MS ||
	    worker->killed)
		return;
	log_error("worker %zu has said nothing for %d s, it is killed", number,
		  WORKERS_SILENT_MS / 1000);
	worker->killed = true;
	(void)kill(worker->pid, SIGKILL);
}

static void care_for(struct workers *w, size_t number, int64_t now_ms)
{
	struct worker *worker = &w->all[number];

	if (worker->pid != 0)
		end_silent(w, number, now_ms);
	else if (!w->ending && now_ms >= worker->again_ms)
		start_worker(w, number);
	if (worker->reloads && crew_reloads(w->crew, number) != worker->reloaded)
		worker->reloads = false;
}

static bool all_serve(const struct workers *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (!crew_serves(w->crew, i))
			return false;
	return true;
}

static bool any_reloads(const struct workers *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->all[i].pid != 0 && w->all[i].reloads)
			return true;
	return false;
}

static void care(struct workers *w)
{
	int64_t now_ms = clock_mono_ms();

	for (size_t i = 0; i < w->count; i++)
		care_for(w, i, now_ms);
	if (!w->serving && !w->ending && all_serve(w) && !any_reloads(w)) {
		w->serving = true;
		supervisor_ready();
	}
}

/* --- signals --- */

static void reload(struct workers *w)
{
	supervisor_reloading();
	w->reloaded = true;
	w->serving = false;
	for (size_t i = 0; i < w->count; i++) {
		w->all[i].reloaded = crew_reloads(w->crew, i);
		w->all[i].reloads = true;
	}
	signal_all(w, SIGHUP);
}

static void take_signal(struct workers *w, int signo)
{
	if (signo == SIGHUP) {
		reload(w);
	} else if (signo != SIGCHLD && !w->ending) {
		supervisor_stopping();
		begin_end(w, EXIT_DONE);
	} else if (signo != SIGCHLD) {
		signal_all(w, SIGQUIT); /* the second one ends them at once */
	}
}

static bool is_any_left(const struct workers *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->all[i].pid != 0)
			return true;
	return false;
}

static void say_alive(struct workers *w)
{
	int64_t every_ms = supervisor_watchdog_ms(), now_ms = clock_mono_ms();

	if (every_ms == 0 || now_ms - w->alive_ms < every_ms)
		return;
	w->alive_ms = now_ms;
	supervisor_alive();
}

static void watch_over(struct workers *w)
{
	const struct timespec pause = {.tv_nsec = LOOK_EVERY_MS * 1000000L};

	while (!w->ending || is_any_left(w)) {
		int signo = sigtimedwait(&w->signals, NULL, &pause);

		if (signo > 0)
			take_signal(w, signo);
		reap(w);
		care(w);
		say_alive(w);
	}
}

/* --- life --- */

/*
 * Signals wait from now on, also in a worker until it takes them itself. A service manager or a
 * terminal may send the same signal to workers as to their parent, so one is as good as two there.
 */
static void hold_signals(struct workers *w)
{
	sigemptyset(&w->signals);
	sigaddset(&w->signals, SIGTERM);
	sigaddset(&w->signals, SIGINT);
	sigaddset(&w->signals, SIGHUP);
	sigaddset(&w->signals, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &w->signals, NULL);
}

static bool begin(struct workers *w)
{
	/* Twice, because a worker that others leave to itself may have all of the connections. */
	w->crew = crew_new(w->count, 2 * w->config->http.max_streams);
	if (w->crew == NULL)
		log_error("there is no memory that %zu workers can share: %s", w->count,
			  strerror(errno));
	if (w->crew == NULL || !listening_can_bind(w->config->listen))
		return false;
	hold_signals(w);
	log_info("%zu workers serve on %s", w->count, w->config->listen);
	for (size_t i = 0; i < w->count; i++) {
		w->all[i].pause_ms = PAUSE_MIN_MS;
		start_worker(w, i);
	}
	return true;
}

int workers_run(struct config *config, server_reload_fn *reload_fn, void *ctx)
{
	struct workers *w;
	int exit_status = EXIT_FAILED;

	if (config->workers == 1)
		return server_run(config, reload_fn, ctx, NULL);
	w = xcalloc(1, sizeof(*w));
	*w = (struct workers){.config = config,
			      .reload = reload_fn,
			      .reload_ctx = ctx,
			      .count = (size_t)config->workers};
	log_setup(config->log_level, config->log_json);
	if (begin(w)) {
		watch_over(w);
		exit_status = w->exit_status;
	}
	crew_free(w->crew);
	server_free_config(w->config);
	free(w);
	return exit_status;
}
