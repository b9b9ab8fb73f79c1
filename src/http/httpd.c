/* SPDX-License-Identifier: PostgreSQL */
#include "http/httpd.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "http/gate.h"
#include "http/renew.h"
#include "http/reply.h"
#include "http/schema.h"
#include "http/ticket.h"

static void on_ready(struct watch *w, uint32_t events);
static void on_timer(struct timer *t);
static const struct door_calls calls;

void httpd_init(struct httpd *h, struct loop *loop, struct outlets *outlets, const struct status *status,
		const struct http_options *options)
{
	*h = (struct httpd){.loop = loop, .outlets = outlets, .status = status, .options = options};
	visits_init(&h->visits, loop);
	door_init(&h->door, loop, outlets == NULL ? 1 : 2, &calls);
	watch_init(&h->watch, on_ready);
	timer_init(&h->timer, on_timer);
}

/* --- answering --- */

static enum MHD_Result answer(const struct httpd *h, const struct request *r, unsigned status, const char *type,
			      const struct buf *body)
{
	return reply_send(r, h->options, &(struct reply){status, type, body->data, NULL, NULL});
}

static enum MHD_Result answer_admin(const struct httpd *h, const struct request *r, struct buf *body)
{
	if (strcmp(r->path, "/healthz") == 0) {
		buf_append_str(body, "ok\n");
		return answer(h, r, MHD_HTTP_OK, "text/plain", body);
	}
	if (strcmp(r->path, "/readyz") == 0) {
		const char *why = status_unready(h->status);
		bool ready = why == NULL;

		if (ready)
			buf_append_str(body, "ready\n");
		else
			buf_appendf(body, "not ready: %s\n", why);
		return answer(h, r, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE, "text/plain", body);
	}
	if (strcmp(r->path, "/metrics") == 0) {
		status_append_metrics(h->status, h->loop->now_ms, body);
		return answer(h, r, MHD_HTTP_OK, "text/plain; version=0.0.4", body);
	}
	return reply_error(r, h->options, MHD_HTTP_NOT_FOUND, "There is no such page", NULL, NULL);
}

static enum MHD_Result refuse(const struct httpd *h, const struct request *r, unsigned status, const char *why,
			      const char *header, const char *value)
{
	if (h->outlets != NULL)
		refusals_count(&h->outlets->refusals, status);
	return reply_error(r, h->options, status, why, header, value);
}

static enum MHD_Result answer_plain(const struct httpd *h, const struct request *r)
{
	enum MHD_Result result;
	struct buf body;

	if (strcmp(r->method, MHD_HTTP_METHOD_OPTIONS) == 0)
		return reply_preflight(r, h->options, "GET, HEAD");
	if (strcmp(r->method, MHD_HTTP_METHOD_GET) != 0 && strcmp(r->method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(h, r, MHD_HTTP_METHOD_NOT_ALLOWED, "Ask with GET", "Allow", "GET, HEAD, OPTIONS");
	buf_init(&body);
	if (h->outlets == NULL) {
		result = answer_admin(h, r, &body);
	} else {
		status_append_json(h->status, h->loop->now_ms, &body);
		result = answer(h, r, MHD_HTTP_OK, "application/json", &body);
	}
	buf_release(&body);
	return result;
}

/* A request that is here whole. */
static enum MHD_Result route(const struct httpd *h, const struct request *r)
{
	if (h->outlets == NULL || strcmp(r->path, "/stream/status") == 0)
		return answer_plain(h, r);
	if (strcmp(r->path, "/stream/schema") == 0)
		return schema_get(h->outlets, r);
	if (strcmp(r->path, "/stream/ticket") == 0)
		return ticket_post(h->outlets, r);
	if (strcmp(r->path, "/stream/renew") == 0)
		return renew_post(h->outlets, r);
	return gate_admit(h->outlets, r);
}

static enum MHD_Result serve(const struct httpd *h, struct visit *v, const struct request *r)
{
	enum MHD_Result result = route(h, r);

	if (result == MHD_NO)
		visit_leave(v); /* the socket has been taken over */
	else
		visit_go_on(v);
	return result;
}

/* What changes something may have a body: actions as the database defines them, and the two that are always there. */
static bool takes_body(const struct httpd *h, const struct request *r)
{
	struct params params = {.count = 0};
	int literals;

	if (h->outlets == NULL || strcmp(r->method, MHD_HTTP_METHOD_GET) == 0)
		return false;
	if (strcmp(r->path, "/stream/ticket") == 0 || strcmp(r->path, "/stream/renew") == 0)
		return strcmp(r->method, MHD_HTTP_METHOD_POST) == 0;
	return actions_find(&h->outlets->actions, r->method, r->path, &params, &literals) != NULL;
}

/* A head has come: only one that is beyond doubt and within the limits gets further. */
static enum MHD_Result on_head(const struct httpd *h, struct visit *v, const struct request *r)
{
	struct head head;

	head_read(&head, r, takes_body(h, r));
	visit_go_on(v);
	v->body_refused = head.status != 0 && head.has_body;
	if (head.status != 0)
		return refuse(h, r, head.status, head.why, NULL, NULL);
	if (head.body_len == 0)
		return serve(h, v, r);
	v->body_len = head.body_len;
	return MHD_YES;
}

/* Called with the head alone, then with each piece of the body, then once more. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	const struct httpd *h = ctx;
	struct visit *v = *state;
	struct request r;

	if (*upload_size > 0) {
		buf_append(&v->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	request_init(&r, connection, url, method, version, &v->target);
	if (v->body_len == 0)
		return on_head(h, v, &r);
	r.body = v->body.data;
	r.body_len = v->body.len;
	return serve(h, v, &r);
}

static struct visit *visit_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The target as it was sent; it lies in the library's buffer, where the query is cut off. What is returned here comes back as the
 * request's state. */
static void *on_target(void *ctx, const char *raw, struct MHD_Connection *connection)
{
	struct visit *v = visit_of(connection);

	(void)ctx;
	target_release(&v->target);
	target_init(&v->target, (char *)(uintptr_t)raw);
	return v;
}

/* The path, which is all that is left to the library. What will be refused stays as it is: since 1.0.3 it answers a NUL itself. */
static size_t on_path(void *ctx, struct MHD_Connection *connection, char *path)
{
	(void)ctx;
	return visit_of(connection)->target.usable ? MHD_http_unescape(path) : strlen(path);
}

static void on_visit(void *ctx, struct MHD_Connection *connection, void **visit, enum MHD_ConnectionNotificationCode what)
{
	struct httpd *h = ctx;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*visit = visit_begin(
			&h->visits, MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
	} else {
		visit_end(*visit);
		*visit = NULL;
	}
}

/* The library's words go into our log. What it says of a socket that was taken over is no error. */
static void on_library_log(void *ctx, const char *fmt, va_list args) PRINTF_LIKE(2, 0);
static void on_library_log(void *ctx, const char *fmt, va_list args)
{
	char line[300];

	(void)ctx;
	vsnprintf(line, sizeof(line), fmt, args);
	if (strstr(line, "Application reported internal error") == NULL)
		log_debug("http library: %.*s", (int)strcspn(line, "\n"), line);
}

/* --- inside our loop --- */

/* Lets the library work, and asks when it wants to be called at the latest. Visits end in here. */
static void run(struct httpd *h)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(h->daemon);
	if (MHD_get_timeout(h->daemon, &wait_ms) == MHD_YES)
		loop_set_timer(h->loop, &h->timer, wait_ms > 60000 ? 60000 : (int64_t)wait_ms);
	else
		loop_stop_timer(h->loop, &h->timer);
	door_look(&h->door);
}

static void on_ready(struct watch *w, uint32_t events)
{
	(void)events;
	run(container_of(w, struct httpd, watch));
}

static void on_timer(struct timer *t)
{
	run(container_of(t, struct httpd, timer));
}

static struct httpd *httpd_of(const struct door *d)
{
	return (struct httpd *)(uintptr_t)container_of(d, struct httpd, door);
}

static bool is_full(const struct door *d)
{
	return httpd_of(d)->visits.count >= visits_most();
}

/* The library closes the socket of one that it does not take. */
static void enter(struct door *d, int fd, const struct sockaddr *address, socklen_t len)
{
	if (MHD_add_connection(httpd_of(d)->daemon, fd, address, len) != MHD_YES)
		log_debug("the HTTP library did not take a connection: %s", strerror(errno));
}

static void entered(struct door *d)
{
	run(httpd_of(d));
}

static const struct door_calls calls = {.is_full = is_full, .enter = enter, .entered = entered};

/* Strict is discipline level 1 since 0.9.77. Level 2 would refuse an empty line in front of a request, which RFC 9112 2.2 lets be; what
 * else it has is for chunks and cookies, which the library does not read here. */
bool httpd_serve(struct httpd *h)
{
	h->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_TURBO | MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
				     on_request, h, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
				     MHD_OPTION_CONNECTION_LIMIT, VISITS_MOST,
				     MHD_OPTION_CONNECTION_TIMEOUT, 0, MHD_OPTION_NOTIFY_CONNECTION, on_visit, h,
				     MHD_OPTION_URI_LOG_CALLBACK, on_target, h, MHD_OPTION_UNESCAPE_CALLBACK, on_path, h,
				     MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
	if (h->daemon == NULL) {
		log_error("the HTTP library did not start: %s", strerror(errno));
		return false;
	}
	if (h->outlets != NULL)
		log_info("[STREAM] HTTP is read by libmicrohttpd %s", MHD_get_version());
	if (!loop_watch(h->loop, &h->watch, MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, EPOLLIN))
		return false;
	door_open(&h->door);
	run(h);
	return true;
}

void httpd_quiesce(struct httpd *h)
{
	door_close(&h->door);
}

void httpd_release(struct httpd *h)
{
	loop_stop_timer(h->loop, &h->timer);
	loop_unwatch(h->loop, &h->watch);
	door_close(&h->door);
	if (h->daemon != NULL)
		MHD_stop_daemon(h->daemon);
	visits_release(&h->visits);
	h->daemon = NULL;
}
