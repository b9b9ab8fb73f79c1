/* SPDX-License-Identifier: PostgreSQL */
#include "http/httpd.h"

#include <string.h>

#include "base/log.h"
#include "http/gate.h"
#include "http/renew.h"
#include "http/reply.h"
#include "http/contract.h"
#include "http/ticket.h"

static void on_arrived(struct visit *v);
static void on_room(struct visits *set);
static const struct door_calls calls;

void httpd_init(struct httpd *h, struct loop *loop, struct outlets *outlets,
		const struct status *status, const struct http_options *options)
{
	*h = (struct httpd){.loop = loop, .outlets = outlets, .status = status, .options = options};
	visits_init(&h->visits, loop, on_arrived, on_room);
	door_init(&h->door, loop, outlets == NULL ? 1 : 2, &calls);
	library_init(&h->ordinary, loop);
	library_init(&h->roomy, loop);
}

/* --- answering --- */

static enum MHD_Result answer(const struct httpd *h, const struct request *r, unsigned status,
			      const char *type, const struct buf *body)
{
	return reply_send(r, h->options, &(struct reply){status, type, body->data, NULL, NULL});
}

static enum MHD_Result answer_admin(const struct httpd *h, const struct request *r,
				    struct buf *body)
{
	if (strcmp(r->path, "/healthz") == 0) {
		buf_append_str(body, "ok\n");
		return answer(h, r, MHD_HTTP_OK, "text/plain", body);
	}
	if (strcmp(r->path, "/readyz") == 0) {
		const char *why = status_unready(h->status, h->loop->now_ms);
		bool ready = why == NULL;

		if (ready)
			buf_append_str(body, "ready\n");
		else
			buf_appendf(body, "not ready: %s\n", why);
		return answer(h, r, ready ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE,
			      "text/plain", body);
	}
	if (strcmp(r->path, "/metrics") == 0) {
		status_append_metrics(h->status, h->loop->now_ms, body);
		return answer(h, r, MHD_HTTP_OK, "text/plain; version=0.0.4", body);
	}
	return reply_error(r, h->options, MHD_HTTP_NOT_FOUND, "There is no such page", NULL, NULL);
}

static enum MHD_Result refuse(const struct httpd *h, const struct request *r, unsigned status,
			      const char *why, const char *header, const char *value)
{
	if (h->outlets != NULL)
		refusal_stats_count(&h->outlets->refusals, status);
	return reply_error(r, h->options, status, why, header, value);
}

static enum MHD_Result answer_plain(const struct httpd *h, const struct request *r)
{
	enum MHD_Result result;
	struct buf body;

	if (strcmp(r->method, MHD_HTTP_METHOD_OPTIONS) == 0)
		return reply_preflight(r, h->options, "GET, HEAD");
	if (strcmp(r->method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(r->method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(h, r, MHD_HTTP_METHOD_NOT_ALLOWED, "Ask with GET", "Allow",
			      "GET, HEAD, OPTIONS");
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
	/* of the whole server, RFC 9110 9.3.7 */
	if (strcmp(r->path, "*") == 0 && strcmp(r->method, MHD_HTTP_METHOD_OPTIONS) == 0)
		return reply_preflight(r, h->options, "GET, HEAD, POST, PUT, PATCH, DELETE");
	if (h->outlets == NULL || strcmp(r->path, "/stream/status") == 0)
		return answer_plain(h, r);
	if (strcmp(r->path, "/stream/schema") == 0)
		return contract_get(h->outlets, r);
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

/* What changes something may have a body: actions as the database defines them, and the two that
 * are always there. */
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

/* A head has come that is beyond doubt and within the limits: does it suit what is asked for? */
static enum MHD_Result on_head(const struct httpd *h, struct visit *v, const struct request *r)
{
	struct head *head = &v->head;

	head_judge(head, r->method, r->target, takes_body(h, r));
	visit_go_on(v);
	v->body_unread = head->has_body && (head->status != 0 || head->chunked);
	if (head->status != 0)
		return refuse(h, r, head->status, head->why, NULL, NULL);
	return head->body_len == 0 ? serve(h, v, r) : MHD_YES;
}

/* Called with the head alone, then with each piece of the body, then once more. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_size, void **state)
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
	r.sends_more = v->head.chunked;
	if (v->head.body_len == 0)
		return on_head(h, v, &r);
	r.body = v->body.data;
	r.body_len = v->body.len;
	return serve(h, v, &r);
}

static struct visit *visit_of(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

/* The query is cut off. */
static void *on_target(void *ctx, const char *raw, struct MHD_Connection *connection)
{
	struct visit *v = visit_of(connection);

	(void)ctx;
	target_release(&v->target);
	target_init(&v->target, (char *)(uintptr_t)raw);
	return v;
}

/* The path, which is all that is left to the library. What will be refused stays as it is:
 * since 1.0.3 it answers a NUL itself. */
static size_t on_path(void *ctx, struct MHD_Connection *connection, char *path)
{
	const struct target *target = &visit_of(connection)->target;

	(void)ctx;
	return target->usable ? target->prefix + MHD_http_unescape(path + target->prefix)
			      : strlen(path);
}

static void on_visit(void *ctx, struct MHD_Connection *connection, void **visit,
		     enum MHD_ConnectionNotificationCode what)
{
	struct httpd *h = ctx;

	(void)connection;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*visit = h->entering;
		h->entering = NULL;
	} else {
		visit_end(*visit);
		*visit = NULL;
	}
}

/* --- from the door to the library --- */

static struct httpd *httpd_of(const struct door *d)
{
	return (struct httpd *)(uintptr_t)container_of(d, struct httpd, door);
}

static bool is_full(const struct door *d)
{
	return httpd_of(d)->visits.count >= visits_most();
}

static void enter(struct door *d, int fd, const struct sockaddr *address, socklen_t len)
{
	visit_begin(&httpd_of(d)->visits, fd, address, len);
}

static void entered(struct door *d)
{
	library_run(&httpd_of(d)->ordinary);
	library_run(&httpd_of(d)->roomy);
}

static const struct door_calls calls = {.is_full = is_full, .enter = enter, .entered = entered};

static void on_room(struct visits *set)
{
	door_look(&container_of(set, struct httpd, visits)->door);
}

/* What the library does not take it has closed. Where it had begun with it, `entering` is gone, and
 * on_visit has ended it. */
static void hand_over(struct httpd *h, struct visit *v)
{
	visit_hand_over(v);
	h->entering = v;
	if (!library_take(v->head.large ? &h->roomy : &h->ordinary, v->fd,
			  (const struct sockaddr *)&v->address, v->address_len) &&
	    h->entering != NULL) {
		v->fd = -1;
		visit_end(v);
	}
	h->entering = NULL;
}

static void dismiss(struct httpd *h, struct visit *v)
{
	struct buf body, answer;

	if (h->outlets != NULL)
		refusal_stats_count(&h->outlets->refusals, v->head.status);
	buf_init(&body);
	buf_init(&answer);
	reply_append_error(&body, v->head.why);
	reply_append_raw(&answer,
			 &(struct reply){v->head.status, "application/json", body.data, NULL, NULL},
			 NULL);
	visit_dismiss(v, &answer);
	buf_release(&answer);
	buf_release(&body);
}

static void on_arrived(struct visit *v)
{
	struct httpd *h = container_of(v->set, struct httpd, visits);

	if (h->outlets != NULL)
		h->outlets->requests++;
	if (v->head.status != 0)
		dismiss(h, v);
	else
		hand_over(h, v);
}

bool httpd_serve(struct httpd *h)
{
	static const struct library_calls library_calls = {on_request, on_target, on_path,
							   on_visit};

	if (!library_start(&h->ordinary, HEAD_MEMORY, VISITS_MOST, &library_calls, h) ||
	    !library_start(&h->roomy, HEAD_MEMORY_MAX, VISITS_MOST, &library_calls, h))
		return false;
	if (h->outlets != NULL)
		log_info("[STREAM] HTTP is read by libmicrohttpd %s", MHD_get_version());
	door_open(&h->door);
	return true;
}

void httpd_quiesce(struct httpd *h)
{
	door_close(&h->door);
}

bool httpd_is_idle(const struct httpd *h)
{
	return h->visits.count == h->visits.arriving_count;
}

void httpd_release(struct httpd *h)
{
	door_close(&h->door);
	library_stop(&h->ordinary);
	library_stop(&h->roomy);
	visits_release(&h->visits);
}
