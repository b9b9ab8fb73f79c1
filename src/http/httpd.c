/* SPDX-License-Identifier: PostgreSQL */
#include "http/httpd.h"

#include <string.h>

#include "http/reply.h"

static void on_arrived(struct visit *v);
static void on_room(struct visits *set);
static const struct door_calls door_calls;

void httpd_init(struct httpd *h, struct loop *loop, const struct http_options *options,
		const struct httpd_calls *calls, size_t halves)
{
	*h = (struct httpd){.loop = loop, .options = options, .calls = *calls};
	visits_init(&h->visits, loop, &options->proxies, on_arrived, on_room);
	door_init(&h->door, loop, halves, &door_calls);
	library_init(&h->ordinary, loop);
	library_init(&h->roomy, loop);
}

/* --- requests --- */

static enum MHD_Result serve(const struct httpd *h, struct visit *v, const struct request *r)
{
	bool answered = h->calls.answer(h->calls.ctx, r);

	if (answered)
		visit_go_on(v);
	else
		visit_leave(v);
	return answered ? MHD_YES : MHD_NO;
}

/*
 * A head has come that is beyond doubt and within the limits. Checks whether it suits what is asked
 * for.
 */
static enum MHD_Result on_head(const struct httpd *h, struct visit *v, const struct request *r)
{
	struct head *head = &v->head;

	head_judge(head, r->method, r->target, h->calls.takes_body(h->calls.ctx, r));
	visit_go_on(v);
	v->body_unread = head->has_body && (head->status != 0 || head->chunked);
	if (head->status != 0) {
		h->calls.refused(h->calls.ctx, head->status);
		return reply_error(r, h->options, head->status, head->why, NULL, NULL) ? MHD_YES
										       : MHD_NO;
	}
	return head->body_len == 0 ? serve(h, v, r) : MHD_YES;
}

/* The library calls this with the head alone, then with each piece of the body, then once more. */
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
	request_init(&r, connection, url, method, version, &v->target, &h->options->proxies);
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

/* Takes the query off the target. */
static void *on_target(void *ctx, const char *raw, struct MHD_Connection *connection)
{
	struct visit *v = visit_of(connection);

	(void)ctx;
	target_release(&v->target);
	target_init(&v->target, (char *)(uintptr_t)raw);
	return v;
}

/*
 * Only the path is left to the library. A target that will be refused stays as it is, because the
 * library answers a NUL itself since version 1.0.3.
 */
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

static const struct door_calls door_calls = {
	.is_full = is_full, .enter = enter, .entered = entered};

static void on_room(struct visits *set)
{
	door_look(&container_of(set, struct httpd, visits)->door);
}

/*
 * If the library does not take a connection, it has closed the socket. If it had begun with it,
 * `entering` is NULL, and on_visit has ended the visit.
 */
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

	h->calls.refused(h->calls.ctx, v->head.status);
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

	h->calls.arrived(h->calls.ctx);
	if (v->head.status != 0)
		dismiss(h, v);
	else
		hand_over(h, v);
}

const char *httpd_library(void)
{
	return MHD_get_version();
}

bool httpd_serve(struct httpd *h)
{
	static const struct library_calls library_calls = {on_request, on_target, on_path,
							   on_visit};

	if (!library_start(&h->ordinary, HEAD_MEMORY, VISITS_MOST, &library_calls, h) ||
	    !library_start(&h->roomy, HEAD_MEMORY_MAX, VISITS_MOST, &library_calls, h))
		return false;
	door_open(&h->door);
	return true;
}

void httpd_quiesce(struct httpd *h)
{
	door_let_in_rest(&h->door);
	door_close(&h->door);
}

bool httpd_awaits_any(const struct httpd *h)
{
	return h->visits.arriving_count > 0;
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
