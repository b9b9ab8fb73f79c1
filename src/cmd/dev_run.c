/* SPDX-License-Identifier: PostgreSQL */
/*
 * dev_run.c: the daemon of a try, and a subscriber that shows its events. Both are this program,
 * as children. They end with this process, whatever ends it.
 */
#include "cmd/dev.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "auth/keyring.h"
#include "cmd/sign.h"
#include "exit.h"

#define READY_MS 20000
#define END_MS 5000 /* for both children, then they are killed */
#define TOKEN_S (12 * 3600)

/* A port of the loopback that is free now. 0 if there is none. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), port = 0;

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, len) == 0 &&
	    getsockname(fd, (struct sockaddr *)&address, &len) == 0)
		port = ntohs(address.sin_port);
	if (fd >= 0)
		close(fd);
	return port;
}

/* --- tokens --- */

static char *sign(const struct dev *d, struct json_object *claims)
{
	struct keyring_source source = {.secret = d->secret};
	struct keyring *ring = xcalloc(1, sizeof(*ring));
	struct buf why;
	char *token = NULL;

	buf_init(&why);
	if (keyring_load(ring, &source, &why))
		token = sign_token(&ring->keys[0], claims);
	keyring_release(ring);
	free(ring);
	buf_release(&why);
	return token;
}

/* A token that may see the streams of this try, for the caller to free. */
static char *make_token(const struct dev *d, const char *sub)
{
	struct json_object *claims = json_object_new_object();
	char *token;

	json_object_object_add(claims, "sub", json_object_new_string(sub));
	json_object_object_add(claims, "exp",
			       json_object_new_int64(clock_wall_ms() / 1000 + TOKEN_S));
	json_object_object_add(claims, "pgherald_dev", json_object_new_string(d->word));
	token = sign(d, claims);
	json_object_put(claims);
	return token == NULL ? xstrdup("") : token;
}

/* --- children --- */

static void put(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
}

/* What the user's shell says of options is not for the children. */
static void clear_environment(void)
{
	for (char **e = environ; *e != NULL;) {
		char *name = xstrndup(*e, strcspn(*e, "="));

		if (strncmp(name, "PGHERALD_", 9) == 0 && unsetenv(name) == 0)
			e = environ;
		else
			e++;
		free(name);
	}
}

/* Runs this program with these arguments, in a child that gets SIGTERM when this process ends. */
static pid_t start(const char *const *arguments, const char *variable, const char *value,
		   const sigset_t *mask)
{
	pid_t parent = getpid(), pid;

	fflush(stdout);
	pid = fork();
	if (pid != 0)
		return pid;
	put(variable, value);
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, mask, NULL);
	if (getppid() == parent)
		execv("/proc/self/exe", (char *const *)(uintptr_t)arguments);
	_exit(EXIT_FAILED);
}

/* True if it has ended, or never began. */
static bool is_over(pid_t pid)
{
	pid_t ended = pid <= 0 ? pid : waitpid(pid, NULL, WNOHANG);

	return ended != 0 && !(ended < 0 && errno == EINTR);
}

/* Waits for the child until the time, or until a signal to this process. False if it lives. */
static bool await_end(pid_t pid, int64_t end_ms, const sigset_t *signals)
{
	const struct timespec moment = {.tv_nsec = 50000000};

	while (!is_over(pid)) {
		int signal = sigtimedwait(signals, NULL, &moment);

		if ((signal > 0 && signal != SIGCHLD) || clock_mono_ms() > end_ms)
			return false;
	}
	return true;
}

/* Ends both children, if there are. One that hangs is killed in the end. */
static void end(pid_t tail, pid_t daemon, const sigset_t *signals)
{
	const pid_t pids[] = {tail, daemon};
	int64_t end_ms = clock_mono_ms() + END_MS;

	for (size_t i = 0; i < ARRAY_SIZE(pids); i++)
		if (pids[i] > 0)
			kill(pids[i], SIGTERM);
	for (size_t i = 0; i < ARRAY_SIZE(pids); i++) {
		if (pids[i] <= 0 || await_end(pids[i], end_ms, signals))
			continue;
		end_ms = 0;
		fprintf(stderr, "pgherald: the %s does not end, and is killed\n",
			i == 0 ? "subscriber" : "daemon");
		kill(pids[i], SIGKILL);
		while (waitpid(pids[i], NULL, 0) < 0 && errno == EINTR)
			;
	}
}

static pid_t start_daemon(const struct dev *d, const char *database_url, const sigset_t *mask)
{
	char *listen = xasprintf("127.0.0.1:%d", d->port),
	     *admin = xasprintf("127.0.0.1:%d", d->admin_port);
	const char *arguments[] = {"pgherald", "serve", NULL};
	pid_t pid;

	clear_environment();
	put("PGHERALD_DATABASE_URL", database_url);
	put("PGHERALD_LISTEN", listen);
	put("PGHERALD_ADMIN_LISTEN", admin);
	put("PGHERALD_LOG_LEVEL", "warn");
	pid = start(arguments, "PGHERALD_JWT_SECRET", d->secret, mask);
	unsetenv("PGHERALD_DATABASE_URL");
	free(listen);
	free(admin);
	return pid;
}

static pid_t start_tail(const struct dev *d, const sigset_t *mask)
{
	char *base = xasprintf("http://127.0.0.1:%d", d->port), *token = make_token(d, "dev");
	const char *arguments[] = {"pgherald", "tail", DEV_EVENTS, "--url", base, NULL};
	pid_t pid;

	put("no_proxy", "*");
	pid = start(arguments, "PGHERALD_TOKEN", token, mask);
	free(base);
	free(token);
	return pid;
}

/* --- the try --- */

static size_t ignore(char *bytes, size_t size, size_t count, void *ctx)
{
	(void)bytes, (void)ctx;
	return size * count;
}

static bool is_ready(const struct dev *d)
{
	char *url = xasprintf("http://127.0.0.1:%d/readyz", d->admin_port);
	CURL *curl = curl_easy_init();
	long status = 0;

	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 2000L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
	if (curl_easy_perform(curl) == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_cleanup(curl);
	free(url);
	return status == 200;
}

/* False if a signal or the daemon's end comes first. That signal is taken. */
static bool await_ready(const struct dev *d, const sigset_t *signals)
{
	const struct timespec moment = {.tv_nsec = 50000000};
	int64_t end_ms = clock_mono_ms() + READY_MS;

	while (!is_ready(d)) {
		if (sigtimedwait(signals, NULL, &moment) > 0)
			return false;
		if (clock_mono_ms() > end_ms) {
			fprintf(stderr, "pgherald: the daemon is not ready in time\n");
			return false;
		}
	}
	return true;
}

static void say_how(struct dev *d, const char *table)
{
	char *sub = d->audience == NULL ? xstrdup("dev") : dev_some_value(d, table),
	     *token = make_token(d, sub == NULL ? "dev" : sub), *path = dev_path(d, table);

	printf("serving on http://127.0.0.1:%d, console on http://127.0.0.1:%d/\n\n", d->port,
	       d->admin_port);
	if (path != NULL)
		printf("%s sees them so:\n\n  curl -N -H 'Authorization: Bearer %s' "
		       "http://127.0.0.1:%d%s\n\n",
		       d->audience == NULL ? "A subscriber" : "The user of one row", token, d->port,
		       path);
	printf("Change a row of %s now. Ctrl-C ends this, and 'pgherald dev --cleanup' takes away "
	       "what it has made.\n\n",
	       table);
	free(path);
	free(sub);
	free(token);
}

/* Returns after a signal, or the end of a child. True if a signal asked for it. */
static bool show(struct dev *d, const char *table, pid_t *ret_tail, const sigset_t *signals,
		 const sigset_t *mask)
{
	int signal;

	if (!await_ready(d, signals))
		return false;
	say_how(d, table);
	*ret_tail = start_tail(d, mask);
	if (sigwait(signals, &signal) != 0 || signal == SIGCHLD) {
		fprintf(stderr, "pgherald: the daemon or its subscriber has ended by itself\n");
		return false;
	}
	return true;
}

/* Blocks the signals that end a try. A child that is stopped for a while has not ended. */
static void block(sigset_t *ret_signals, sigset_t *ret_before)
{
	const struct sigaction ends_only = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};

	sigemptyset(ret_signals);
	sigaddset(ret_signals, SIGINT);
	sigaddset(ret_signals, SIGTERM);
	sigaddset(ret_signals, SIGHUP);
	sigaddset(ret_signals, SIGCHLD);
	(void)sigaction(SIGCHLD, &ends_only, NULL);
	(void)sigprocmask(SIG_BLOCK, ret_signals, ret_before);
}

int dev_run(struct dev *d, const char *database_url, const char *table)
{
	sigset_t signals, mask;
	pid_t daemon, tail = 0;
	bool good;

	block(&signals, &mask);
	d->port = free_port();
	d->admin_port = free_port();
	daemon = start_daemon(d, database_url, &mask);
	good = daemon > 0 && show(d, table, &tail, &signals, &mask);
	end(tail, daemon, &signals);
	return good ? EXIT_DONE : EXIT_FAILED;
}
