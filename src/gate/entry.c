/* SPDX-License-Identifier: PostgreSQL */
#include "gate/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "http/reply.h"
#include "outlet/opening.h"
#include "outlet/outlets.h"
#include "outlet/page.h"
#include "gate/admission.h"
#include "gate/call.h"
#include "gate/endpoint.h"
#include "gate/multi.h"
#include "gate/pending_open.h"
#include "gate/ticket.h"

struct entry {
	struct gate *gate;
	const struct http_options *options;
	const struct request *request;
	struct stream *stream; /* the one that its path names; NULL if none */
	struct multi *multi;   /* owned; the streams that it asks for */
	struct params query;
	struct buf joined; /* texts of parameters that came in parts */
	struct identity identity;
	/* The ticket says who it is, once the database has been asked. */
	bool has_ticket;
	char ticket[DIGEST_TEXT_MAX];
	char *token; /* owned, wiped; one whose key is to come; else NULL */
	struct opening opening;
	bool answered; /* it was answered; false if its socket has been taken over */
};

static bool refuse(struct entry *e, const struct refusal *refusal)
{
	e->answered = endpoint_refuse(e->gate, e->request, refusal);
	return false;
}

static bool refuse_bad(struct entry *e, const char *sentence)
{
	struct refusal refusal;

	refusal_bad_request(&refusal, sentence);
	return refuse(e, &refusal);
}

static bool is_method(const struct entry *e, const char *method)
{
	return strcmp(e->request->method, method) == 0;
}

/* An action has the request, unless it is a GET and a stream's path is at least as exact. */
static bool pass_actions(struct entry *e)
{
	struct params path = {.count = 0};
	const struct action_def *action =
		actions_claim(&e->gate->actions, e->request->method, e->request->path,
			      e->stream == NULL ? NULL : e->stream->def.path, &path);

	if (action == NULL)
		return true;
	e->answered = call_start(e->gate, e->request, action, &path);
	return false;
}

/* Appends the methods that the path's stream and its actions take. */
static void append_methods(const struct entry *e, struct buf *out)
{
	struct params path = {.count = 0};
	int literals;

	if (e->stream != NULL &&
	    actions_find(&e->gate->actions, "GET", e->request->path, &path, &literals) == NULL)
		buf_append_str(out, "GET");
	actions_append_methods(&e->gate->actions, e->request->path, out);
}

/* A page asks whether it may ask (Fetch standard, CORS-preflight request). */
static bool is_preflight(const struct entry *e)
{
	return is_method(e, "OPTIONS") && e->request->origin != NULL &&
	       request_header(e->request, "Access-Control-Request-Method") != NULL;
}

static bool refuse_method(struct entry *e, const char *methods)
{
	struct refusal refusal;
	char allow[200];

	/*
	 * The page then asks, and reads that nothing is there. Otherwise the browser tells it of a
	 * network error.
	 */
	if (methods[0] == '\0' && is_preflight(e))
		methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
	if (methods[0] == '\0') {
		refusal_not_found(&refusal);
		return refuse(e, &refusal);
	}
	if (is_method(e, "OPTIONS")) {
		e->answered = reply_preflight(e->request, e->options, methods);
		return false;
	}
	snprintf(allow, sizeof(allow), "%s, OPTIONS", methods);
	refusal_of_method(&refusal, "The path is not for this method", allow);
	return refuse(e, &refusal);
}

static bool read_query(struct entry *e)
{
	if (!request_add_query(e->request, &e->query))
		return refuse_bad(e, "The request has too many parameters");
	params_join(&e->query, "events", &e->joined);
	return params_are_utf8(&e->query) || refuse_bad(e, "A parameter is not UTF-8");
}

/* The path of several streams in one connection. */
static bool pass_list(struct entry *e)
{
	struct refusal refusal;

	if (!is_method(e, "GET"))
		return refuse_method(e, "GET");
	if (!read_query(e))
		return false;
	e->multi = multi_parse(&e->query, &refusal);
	if (e->multi != NULL && multi_find(e->multi, &e->gate->outlets->router->catalog))
		return true;
	if (e->multi != NULL)
		refusal_not_found(&refusal);
	return refuse(e, &refusal);
}

static bool pass_path(struct entry *e)
{
	struct params path = {.count = 0};
	struct refusal refusal;
	struct buf methods;

	if (strcmp(e->request->path, SELECTION_MULTI_PATH) == 0)
		return pass_list(e);
	e->stream = catalog_find(&e->gate->outlets->router->catalog, e->request->path, &path);
	if (!pass_actions(e))
		return false;
	if (e->stream == NULL || !is_method(e, "GET")) {
		buf_init(&methods);
		append_methods(e, &methods);
		refuse_method(e, methods.data);
		buf_release(&methods);
		return false;
	}
	if (!read_query(e))
		return false;
	e->multi = multi_of_one(e->stream, e->request->path, &e->query, &refusal);
	return e->multi != NULL || refuse(e, &refusal);
}

/*
 * A ticket was got for this very request. So it counts before a cookie, which a browser sends with
 * every request.
 */
static bool find_ticket(struct entry *e)
{
	const struct text *ticket = params_find(&e->query, "ticket");

	return ticket != NULL && ticket->len > 0;
}

static bool pass_ticket(struct entry *e)
{
	const struct text *ticket = params_find(&e->query, "ticket");
	struct refusal refusal;

	e->has_ticket = ticket_hash(ticket->bytes, ticket->len, e->ticket) &&
			request_from_own_page(e->request, e->options);
	if (e->has_ticket)
		return true;
	refusal_stats_log(
		&e->gate->refusals,
		"[STREAM] refused: ticket of a request for '%s' from %s: it has not the form "
		"of one, or is another page's",
		multi_name(e->multi), e->request->address);
	refusal_of_token(&refusal, true);
	return refuse(e, &refusal);
}

static bool pass_token(struct entry *e)
{
	struct refusal refusal;

	if (multi_is_anonymous(e->multi)) {
		e->identity.ends_ms = INT64_MAX;
		return true;
	}
	if (find_ticket(e))
		return pass_ticket(e);
	return endpoint_read_token(e->gate, e->request, &e->query, multi_name(e->multi),
				   &e->identity, &e->token, &refusal) ||
	       e->token != NULL || refuse(e, &refusal);
}

/* Notes one place to begin. An empty one means none, as in the standard. */
static void note_place(struct opening *o, const char *bytes, size_t len)
{
	struct cursor at = {0, 0}; /* is the earliest */
	char *id;

	if (len == 0)
		return;
	id = xstrndup(bytes, len);
	if (strcmp(id, "earliest") != 0 && !cursor_parse(id, &at)) {
		o->unknown = !o->resume;
	} else if (!o->resume || cursor_compare(at, o->after) > 0) {
		o->after = at;
		o->resume = true;
		o->unknown = false;
	}
	free(id);
}

/*
 * Finds where the connection is to begin. Of the header and the three names in the query the newest
 * place decides. A client that comes back has it in one of them, and where it once began in
 * another: a browser keeps the query, and some polyfills know no header.
 */
static void find_resume(struct entry *e)
{
	const char *header = request_header(e->request, "Last-Event-ID");

	if (header != NULL)
		note_place(&e->opening, header, strlen(header));
	for (size_t i = 0; i < e->query.count; i++) {
		const struct param *p = &e->query.items[i];

		if (text_is(p->name, "last_event_id") || text_is(p->name, "lastEventId") ||
		    text_is(p->name, "after"))
			note_place(&e->opening, p->value.bytes, p->value.len);
	}
}

/* Finds from where it begins, in which form, and how long a page may wait. */
static bool pass_delivery(struct entry *e)
{
	const struct text *wait = params_find(&e->query, "wait"),
			  *ping = params_find(&e->query, "ping");
	struct accept accept;
	enum accept_type type;

	find_resume(e);
	e->opening.delivery.ping_event = ping != NULL && text_is(*ping, "event");
	request_read_accept(e->request, &accept);
	type = accept_choose(&accept);
	e->opening.delivery.page = type == ACCEPT_PAGE;
	if (type != ACCEPT_EVENTS)
		e->opening.delivery.form |= FRAME_LINES;
	if (!e->opening.delivery.page && e->options->compress_above >= 0 && !e->request->http10 &&
	    accept_gzip(&accept))
		e->opening.delivery.form |= FRAME_PACKED;
	if (e->opening.delivery.page && wait != NULL &&
	    !page_parse_wait(*wait, &e->opening.delivery.wait_ms))
		return refuse_bad(e, "The parameter wait must be a whole number of seconds");
	return true;
}

/* It waits for what the database, or the provider of a key, has to say. */
static void let_wait(struct entry *e)
{
	struct pending_open_request request = {.request = e->request,
					       .opening = &e->opening,
					       .multi = e->multi,
					       .identity = &e->identity,
					       .ticket = e->has_ticket ? e->ticket : NULL,
					       .token = e->token};
	struct refusal refusal;

	e->multi = NULL;
	e->token = NULL;
	e->answered = false;
	if (!pending_open_start(e->gate, &request, &refusal))
		refuse(e, &refusal);
}

static void let_in(struct entry *e)
{
	struct refusal refusal;

	e->opening.fd = request_take_socket(e->request);
	if (e->opening.fd < 0) {
		refusal_full(&refusal);
		refuse(e, &refusal);
		return;
	}
	e->opening.address = xstrdup(e->request->address);
	e->opening.cors = reply_cors(e->request, e->options);
	multi_open(e->multi, e->gate, &e->identity, &e->opening);
	free(e->opening.cors);
	e->answered = false;
}

static void decide(struct entry *e)
{
	struct multi_item *item;
	struct refusal refusal;

	if (e->has_ticket || e->token != NULL) {
		let_wait(e);
		return;
	}
	switch (multi_decide(e->multi, e->gate, &e->identity, e->request->address, &item,
			     &refusal)) {
	case MULTI_ADMITTED:
		let_in(e);
		break;
	case MULTI_REFUSED:
		refuse(e, &refusal);
		break;
	case MULTI_ASKS:
		let_wait(e);
	}
}

bool entry_admit(struct gate *g, const struct request *r)
{
	struct entry e = {.gate = g, .options = g->options, .request = r};

	e.opening.bare = r->http10;
	buf_init(&e.joined);
	if (pass_path(&e) && pass_token(&e) && pass_delivery(&e))
		decide(&e);
	buf_release(&e.joined);
	multi_free(e.multi);
	identity_release(&e.identity);
	explicit_bzero(e.ticket, sizeof(e.ticket));
	endpoint_forget_token(e.token);
	return e.answered;
}
