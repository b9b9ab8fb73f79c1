/* SPDX-License-Identifier: PostgreSQL */
#include "gate/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "auth/json.h"
#include "http/codes.h"
#include "http/reply.h"
#include "outlet/opening.h"
#include "outlet/page.h"
#include "outlet/tenure.h"
#include "gate/admission.h"
#include "gate/call.h"
#include "gate/endpoint.h"
#include "gate/multi.h"
#include "gate/pending_open.h"
#include "gate/ticket.h"
#include "gate/waiter.h"

/* A request on its way through the gate. */
struct admission {
	struct gate *gate;
	const struct http_options *options;
	const struct request *request;
	struct stream *stream; /* that its path names; NULL: none */
	struct multi *multi;   /* the streams that it asks for */
	struct params query;
	struct buf joined; /* texts of parameters that came in parts */
	struct identity identity;
	bool has_ticket; /* which says who it is, when the database has been asked */
	char ticket[DIGEST_TEXT_MAX];
	struct opening opening;
	bool answered; /* it was refused; false: its socket has been taken over */
};

static bool refuse(struct admission *a, unsigned status, const char *sentence, const char *header,
		   const char *value)
{
	refusal_stats_count(&a->gate->refusals, status);
	a->answered = reply_error(a->request, a->options, status, sentence, header, value);
	return false;
}

static bool refuse_with(struct admission *a, const struct refusal *refusal)
{
	return refuse(a, refusal->status, refusal->sentence, refusal->header, refusal->value);
}

static bool is_method(const struct admission *a, const char *method)
{
	return strcmp(a->request->method, method) == 0;
}

/* An action has the request, unless a stream's path says more exactly that it is meant. */
static bool pass_actions(struct admission *a)
{
	struct params path = {.count = 0};
	const struct action_def *action =
		actions_claim(&a->gate->actions, a->request->method, a->request->path,
			      a->stream == NULL ? NULL : a->stream->def.path, &path);

	if (action == NULL)
		return true;
	a->answered = call_start(a->gate, a->request, action, &path);
	return false;
}

/* Which methods the path has: what its stream and its actions take. */
static void append_methods(const struct admission *a, struct buf *out)
{
	struct params path = {.count = 0};
	int literals;

	if (a->stream != NULL &&
	    actions_find(&a->gate->actions, "GET", a->request->path, &path, &literals) == NULL)
		buf_append_str(out, "GET");
	actions_append_methods(&a->gate->actions, a->request->path, out);
}

/* A page asks whether it may ask (Fetch standard, CORS-preflight request). */
static bool is_preflight(const struct admission *a)
{
	return is_method(a, "OPTIONS") && a->request->origin != NULL &&
	       request_header(a->request, "Access-Control-Request-Method") != NULL;
}

static bool refuse_method(struct admission *a, const char *methods)
{
	char allow[200];

	/* so that it does ask, and reads that nothing is there; else it is told of a network error
	 */
	if (methods[0] == '\0' && is_preflight(a))
		methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
	if (methods[0] == '\0')
		return refuse(a, HTTP_NOT_FOUND, "There is no such stream", NULL, NULL);
	if (is_method(a, "OPTIONS")) {
		a->answered = reply_preflight(a->request, a->options, methods);
		return false;
	}
	snprintf(allow, sizeof(allow), "%s, OPTIONS", methods);
	return refuse(a, HTTP_METHOD_NOT_ALLOWED, "The path is not for this method", "Allow",
		      allow);
}

/* The database takes no other texts, nor does JSON, by which they go to it. */
static bool pass_texts(struct admission *a, const struct params *params)
{
	for (size_t i = 0; i < params->count; i++)
		if (!utf8_is(params->items[i].name.bytes, params->items[i].name.len) ||
		    !utf8_is(params->items[i].value.bytes, params->items[i].value.len))
			return refuse(a, HTTP_BAD_REQUEST, "A parameter is not UTF-8", NULL, NULL);
	return true;
}

static bool read_query(struct admission *a)
{
	if (!request_add_query(a->request, &a->query))
		return refuse(a, HTTP_BAD_REQUEST, "The request has too many parameters", NULL,
			      NULL);
	params_join(&a->query, "events", &a->joined);
	return pass_texts(a, &a->query);
}

/* Several streams in one connection. */
static bool pass_list(struct admission *a)
{
	struct refusal refusal;

	if (!is_method(a, "GET"))
		return refuse_method(a, "GET");
	if (!read_query(a))
		return false;
	a->multi = multi_parse(&a->query, &refusal);
	if (a->multi != NULL && multi_find(a->multi, a->gate->outlets->router))
		return true;
	if (a->multi != NULL)
		refusal_not_found(&refusal);
	return refuse_with(a, &refusal);
}

static bool pass_path(struct admission *a)
{
	struct params path = {.count = 0};
	struct refusal refusal;
	struct buf methods;

	if (strcmp(a->request->path, SELECTION_MULTI_PATH) == 0)
		return pass_list(a);
	a->stream = router_find(a->gate->outlets->router, a->request->path, &path);
	if (!pass_actions(a))
		return false;
	if (a->stream == NULL || !is_method(a, "GET")) {
		buf_init(&methods);
		append_methods(a, &methods);
		refuse_method(a, methods.data);
		buf_release(&methods);
		return false;
	}
	if (!read_query(a))
		return false;
	a->multi = multi_of_one(a->stream, a->request->path, &a->query, &refusal);
	return a->multi != NULL || refuse_with(a, &refusal);
}

/* A ticket was got for this very request: it goes before what a browser sends with every one. */
static bool find_ticket(struct admission *a)
{
	const struct text *ticket = params_find(&a->query, "ticket");

	return ticket != NULL && ticket->len > 0;
}

static bool pass_ticket(struct admission *a)
{
	const struct text *ticket = params_find(&a->query, "ticket");
	struct refusal refusal;

	a->has_ticket = ticket_hash(ticket->bytes, ticket->len, a->ticket) &&
			request_from_own_page(a->request, a->options);
	if (a->has_ticket)
		return true;
	refusal_stats_log(
		&a->gate->refusals,
		"[STREAM] refused: ticket of a request for '%s' from %s: it has not the form "
		"of one, or is another page's",
		multi_name(a->multi), a->request->address);
	refusal_of_token(&refusal, true);
	return refuse_with(a, &refusal);
}

static bool pass_token(struct admission *a)
{
	struct refusal refusal;

	if (multi_is_anonymous(a->multi)) {
		a->identity.ends_ms = INT64_MAX;
		return true;
	}
	if (find_ticket(a))
		return pass_ticket(a);
	return endpoint_read_token(a->gate, a->request, &a->query, multi_name(a->multi),
				   &a->identity, &refusal) ||
	       refuse_with(a, &refusal);
}

/* Where the stream is to begin: the header decides, then the query under any of its names. */
static void find_resume(struct admission *a)
{
	const char *header = request_header(a->request, "Last-Event-ID");
	const struct text *param = params_find(&a->query, "last_event_id");
	char *id;

	if (param == NULL)
		param = params_find(&a->query, "lastEventId");
	if (param == NULL)
		param = params_find(&a->query, "after");
	if (header == NULL && param == NULL)
		return;
	id = header != NULL ? xstrdup(header) : xstrndup(param->bytes, param->len);
	if (id[0] != '\0') { /* empty: the standard's way to say none */
		a->opening.resume =
			strcmp(id, "earliest") == 0 || cursor_parse(id, &a->opening.after);
		a->opening.unknown = !a->opening.resume;
	}
	free(id);
}

/* From where, in which form, and how long a page may wait. */
static bool pass_delivery(struct admission *a)
{
	const struct text *wait = params_find(&a->query, "wait");
	struct accept accept;
	enum accept_type type;

	find_resume(a);
	request_read_accept(a->request, &accept);
	type = accept_choose(&accept);
	a->opening.delivery.page = type == ACCEPT_PAGE;
	if (type != ACCEPT_EVENTS)
		a->opening.delivery.form |= FRAME_LINES;
	if (!a->opening.delivery.page && a->options->compress_above >= 0 && !a->request->http10 &&
	    accept_gzip(&accept))
		a->opening.delivery.form |= FRAME_PACKED;
	if (a->opening.delivery.page && wait != NULL &&
	    !page_parse_wait(*wait, &a->opening.delivery.wait_ms))
		return refuse(a, HTTP_BAD_REQUEST,
			      "The parameter wait must be a whole number of seconds", NULL, NULL);
	return true;
}

static void ask_database(struct admission *a)
{
	struct pending_open_request request = {.request = a->request,
					       .opening = &a->opening,
					       .multi = a->multi,
					       .identity = &a->identity,
					       .ticket = a->has_ticket ? a->ticket : NULL};
	struct refusal refusal;

	a->multi = NULL;
	a->answered = false;
	if (!pending_open_start(a->gate, &request, &refusal))
		refuse_with(a, &refusal);
}

static void let_in(struct admission *a)
{
	struct refusal refusal;

	a->opening.fd = request_take_socket(a->request);
	if (a->opening.fd < 0) {
		refusal_full(&refusal);
		refuse_with(a, &refusal);
		return;
	}
	a->opening.address = xstrdup(a->request->address);
	a->opening.cors = reply_cors(a->request, a->options);
	multi_open(a->multi, a->gate, &a->identity, &a->opening);
	free(a->opening.cors);
	a->answered = false;
}

static void decide(struct admission *a)
{
	struct multi_item *item;
	struct refusal refusal;

	if (a->has_ticket) {
		ask_database(a);
		return;
	}
	switch (multi_decide(a->multi, a->gate, &a->identity, a->request->address, &item,
			     &refusal)) {
	case MULTI_ADMITTED:
		let_in(a);
		break;
	case MULTI_REFUSED:
		refuse_with(a, &refusal);
		break;
	case MULTI_ASKS:
		ask_database(a);
	}
}

bool gate_admit(struct gate *g, const struct request *r)
{
	struct admission a = {.gate = g, .options = g->options, .request = r};

	a.opening.bare = r->http10;
	buf_init(&a.joined);
	if (pass_path(&a) && pass_token(&a) && pass_delivery(&a))
		decide(&a);
	buf_release(&a.joined);
	multi_free(a.multi);
	identity_release(&a.identity);
	explicit_bzero(a.ticket, sizeof(a.ticket));
	return a.answered;
}

/* --- life --- */

void gate_init(struct gate *g)
{
	list_init(&g->waiters);
	list_init(&g->waiters_over);
	contract_init(&g->contract);
	refusal_stats_init(&g->refusals, g->loop);
}

void gate_release(struct gate *g)
{
	list_each (node, tmp, &g->waiters)
		waiter_drop(container_of(node, struct waiter, link));
	waiter_reap(g);
	actions_release(&g->actions);
	contract_release(&g->contract, g->questions);
	refusal_stats_release(&g->refusals);
}

/* A right of this subject, or of everybody, may be another than the one that was asked for. */
static void doubt(struct gate *g, struct text data)
{
	struct json_object *recheck = json_parse(data.bytes, data.len), *sub = NULL;

	json_object_object_get_ex(recheck, "sub", &sub);
	waiter_doubt(g, sub == NULL ? NULL : json_object_get_string(sub));
	json_object_put(recheck);
}

bool gate_hear(struct gate *g, const struct event *event)
{
	if (text_is(event->name, "recheck"))
		doubt(g, event->data);
	return tenure_hear(g->outlets, event);
}

void gate_streams_changed(struct gate *g)
{
	if (!list_empty(&g->outlets->router->gone))
		waiter_doubt(g, NULL);
	outlets_close_gone(g->outlets);
}

void gate_drain(struct gate *g)
{
	g->outlets->draining = true;
	waiter_drain(g);
	outlets_drain(g->outlets);
}

void gate_reap(struct gate *g)
{
	outlets_reap(g->outlets);
	waiter_reap(g);
}
