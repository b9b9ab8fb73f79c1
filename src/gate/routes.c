/* SPDX-License-Identifier: PostgreSQL */
#include "gate/routes.h"

#include <string.h>

#include "base/base.h"
#include "http/codes.h"
#include "http/refusal.h"
#include "http/reply.h"
#include "gate/contract.h"
#include "gate/entry.h"
#include "gate/renew.h"
#include "gate/session.h"
#include "gate/ticket.h"

struct route {
	const char *path;
	bool (*answer)(const struct routes *routes, const struct request *r);
	bool takes_body; /* with POST */
};

static bool is(const char *text, const char *word)
{
	return strcmp(text, word) == 0;
}

static bool refuse(const struct routes *routes, const struct request *r,
		   const struct refusal *refusal)
{
	if (routes->gate != NULL)
		refusal_stats_count(&routes->gate->refusals, refusal->status);
	return reply_error(r, routes->options, refusal->status, refusal->sentence, refusal->header,
			   refusal->value);
}

/* --- what everybody may read --- */

static int64_t now_ms(const struct routes *routes)
{
	return routes->status->gate->loop->now_ms;
}

static bool refuse_method(const struct routes *routes, const struct request *r)
{
	struct refusal refusal;

	if (is(r->method, "OPTIONS"))
		return reply_preflight(r, routes->options, "GET, HEAD");
	refusal_of_method(&refusal, "Ask with GET", "GET, HEAD, OPTIONS");
	return refuse(routes, r, &refusal);
}

/* Sends the body to a GET or HEAD, and releases it. */
static bool answer(const struct routes *routes, const struct request *r, unsigned status,
		   const char *type, struct buf *body)
{
	struct reply reply = {.status = status, .type = type, .body = body->data};
	bool answered = request_is_read(r) ? reply_send(r, routes->options, &reply)
					   : refuse_method(routes, r);

	buf_release(body);
	return answered;
}

static bool answer_status(const struct routes *routes, const struct request *r)
{
	struct buf body;

	buf_init(&body);
	status_append_json(routes->status, now_ms(routes), &body);
	return answer(routes, r, HTTP_OK, "application/json", &body);
}

static bool answer_health(const struct routes *routes, const struct request *r)
{
	struct buf body;

	buf_init(&body);
	buf_append_str(&body, "ok\n");
	return answer(routes, r, HTTP_OK, "text/plain", &body);
}

static bool answer_readiness(const struct routes *routes, const struct request *r)
{
	const char *why = status_unready(routes->status, now_ms(routes));
	struct buf body;

	buf_init(&body);
	if (why == NULL)
		buf_append_str(&body, "ready\n");
	else
		buf_appendf(&body, "not ready: %s\n", why);
	return answer(routes, r, why == NULL ? HTTP_OK : HTTP_SERVICE_UNAVAILABLE, "text/plain",
		      &body);
}

static bool answer_metrics(const struct routes *routes, const struct request *r)
{
	struct buf body;

	buf_init(&body);
	status_append_metrics(routes->status, now_ms(routes), &body);
	return answer(routes, r, HTTP_OK, "text/plain; version=0.0.4", &body);
}

/* --- the gate's --- */

static bool answer_schema(const struct routes *routes, const struct request *r)
{
	return contract_get(routes->gate, r);
}

static bool answer_ticket(const struct routes *routes, const struct request *r)
{
	return ticket_post(routes->gate, r);
}

static bool answer_renew(const struct routes *routes, const struct request *r)
{
	return renew_post(routes->gate, r);
}

static bool answer_session(const struct routes *routes, const struct request *r)
{
	return session_answer(routes->gate, r);
}

/* --- the tables --- */

static const struct route public_routes[] = {
	{.path = "/stream/status", .answer = answer_status},
	{.path = "/stream/schema", .answer = answer_schema},
	{.path = "/stream/ticket", .answer = answer_ticket, .takes_body = true},
	{.path = "/stream/renew", .answer = answer_renew, .takes_body = true},
	{.path = "/stream/session", .answer = answer_session, .takes_body = true},
	{.path = NULL},
};

static const struct route admin_routes[] = {
	{.path = "/healthz", .answer = answer_health},
	{.path = "/readyz", .answer = answer_readiness},
	{.path = "/metrics", .answer = answer_metrics},
	{.path = NULL},
};

static const struct route *find(const struct routes *routes, const char *path)
{
	const struct route *route = routes->gate == NULL ? admin_routes : public_routes;

	while (route->path != NULL && !is(route->path, path))
		route++;
	return route->path == NULL ? NULL : route;
}

/* --- calls of httpd --- */

/* The answer is what it is. It lacks the fields without which the browser hides it. */
static void note_stranger(struct gate *gate, const struct request *r)
{
	if (r->origin != NULL && r->origin[0] != '\0' &&
	    !request_origin_allowed(r, gate->options) && !request_from_own_origin(r))
		strangers_note(&gate->strangers, r->origin, r->path, gate->loop->now_ms);
}

static bool on_answer(void *ctx, const struct request *r)
{
	const struct routes *routes = ctx;
	const struct route *route = find(routes, r->path);

	if (routes->gate != NULL)
		note_stranger(routes->gate, r);
	/* OPTIONS of the whole server (RFC 9110 9.3.7). */
	if (is(r->path, "*") && is(r->method, "OPTIONS"))
		return reply_preflight(r, routes->options, "GET, HEAD, POST, PUT, PATCH, DELETE");
	if (route != NULL)
		return route->answer(routes, r);
	if (routes->gate != NULL)
		return entry_admit(routes->gate, r);
	return routes->more.answer(routes->more.ctx, r);
}

/*
 * A body may come with requests that change something. These are actions, as the database defines
 * them, and POSTs to paths of this table that take one.
 */
static bool on_takes_body(void *ctx, const struct request *r)
{
	const struct routes *routes = ctx;
	const struct route *route = find(routes, r->path);
	struct params params = {.count = 0};
	int literals;

	if (route != NULL)
		return route->takes_body && is(r->method, "POST");
	if (routes->gate == NULL)
		return routes->more.takes_body(routes->more.ctx, r);
	return !is(r->method, "GET") &&
	       actions_find(&routes->gate->actions, r->method, r->path, &params, &literals) != NULL;
}

static void on_arrived(void *ctx)
{
	struct gate *gate = ((struct routes *)ctx)->gate;

	if (gate != NULL)
		gate->requests++;
}

static void on_refused(void *ctx, unsigned status)
{
	struct gate *gate = ((struct routes *)ctx)->gate;

	if (gate != NULL)
		refusal_stats_count(&gate->refusals, status);
}

struct httpd_calls routes_calls(struct routes *routes)
{
	return (struct httpd_calls){.arrived = on_arrived,
				    .takes_body = on_takes_body,
				    .refused = on_refused,
				    .answer = on_answer,
				    .ctx = routes};
}
