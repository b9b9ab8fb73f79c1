/* SPDX-License-Identifier: PostgreSQL */
#include "http/library.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"

/*
 * MHD_USE_NO_THREAD_SAFETY. With it, the library takes a connection at once. Versions before 0.9.77
 * always do, and there the flag means nothing.
 */
#define ONE_THREAD ((enum MHD_FLAG)(1U << 19))

static void on_ready(struct watch *w, uint32_t events);
static void on_timer(struct timer *t);

void library_init(struct library *l, struct loop *loop)
{
	*l = (struct library){.loop = loop};
	watch_init(&l->watch, on_ready);
	timer_init(&l->timer, on_timer);
}

/*
 * What the library says goes into our log. What it says about a socket that was taken over is no
 * error.
 */
static void on_log(void *ctx, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void on_log(void *ctx, const char *fmt, va_list args)
{
	char line[300];

	(void)ctx;
	vsnprintf(line, sizeof(line), fmt, args);
	if (strstr(line, "Application reported internal error") == NULL)
		log_debug("http library: %.*s", (int)strcspn(line, "\n"), line);
}

/*
 * Strict is discipline level 1 since 0.9.77. Level 2 would also refuse an empty line before a
 * request, which RFC 9112 2.2 allows. The rest of level 2 is about chunks and cookies, for which
 * nobody asks the library.
 */
bool library_start(struct library *l, size_t memory, unsigned connections,
		   const struct library_calls *calls, void *ctx)
{
	l->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO | MHD_USE_ERROR_LOG |
					     MHD_USE_NO_LISTEN_SOCKET | ONE_THREAD,
				     0, NULL, NULL, calls->request, ctx, MHD_OPTION_EXTERNAL_LOGGER,
				     on_log, NULL, MHD_OPTION_CONNECTION_LIMIT, connections,
				     MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory,
				     MHD_OPTION_CONNECTION_TIMEOUT, 0, MHD_OPTION_NOTIFY_CONNECTION,
				     calls->visit, ctx, MHD_OPTION_URI_LOG_CALLBACK, calls->target,
				     ctx, MHD_OPTION_UNESCAPE_CALLBACK, calls->path, ctx,
				     MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (l->daemon == NULL) {
		log_error("the HTTP library did not start: %s", strerror(errno));
		return false;
	}
	return loop_watch(l->loop, &l->watch,
			  MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
			  EPOLLIN);
}

bool library_take(struct library *l, int fd, const struct sockaddr *address, socklen_t len)
{
	bool taken = MHD_add_connection(l->daemon, fd, address, len) == MHD_YES;

	if (!taken)
		log_warn("the HTTP library did not take a connection");
	loop_set_timer(l->loop, &l->timer, 0);
	return taken;
}

/* Lets the library work, and asks when it wants to be called at the latest. Visits end in here. */
void library_run(struct library *l)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	if (l->daemon == NULL)
		return;
	MHD_run(l->daemon);
	if (MHD_get_timeout(l->daemon, &wait_ms) == MHD_YES)
		loop_set_timer(l->loop, &l->timer, wait_ms > 60000 ? 60000 : (int64_t)wait_ms);
	else
		loop_stop_timer(l->loop, &l->timer);
}

static void on_ready(struct watch *w, uint32_t events)
{
	(void)events;
	library_run(container_of(w, struct library, watch));
}

static void on_timer(struct timer *t)
{
	library_run(container_of(t, struct library, timer));
}

void library_stop(struct library *l)
{
	loop_stop_timer(l->loop, &l->timer);
	loop_unwatch(l->loop, &l->watch);
	if (l->daemon != NULL)
		MHD_stop_daemon(l->daemon);
	l->daemon = NULL;
}
