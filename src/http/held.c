/* SPDX-License-Identifier: PostgreSQL */
#include "http/held.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "http/control.h"
#include "http/json.h"
#include "http/ticket.h"

struct held {
	struct parked parked;
	char *path;
	struct json_object *query; /* what came behind the path, without secrets */
	struct identity identity;
	struct params params; /* of path and query, since the last decision */
	char *asked, *claims, *params_json, *origin; /* of the question; asked: the path of the stream, which may be gone meanwhile */
	char hash[TICKET_HASH_MAX];
	bool resume, unknown;
	struct cursor after;
	struct outlet_shape shape;
	bool reserved;     /* counted as one of its user's streams */
	bool head_sent;
};

static void reserve(struct held *h)
{
	outlets_reserve(h->parked.set, h->identity.sub, h->parked.address);
	h->reserved = true;
}

static void unreserve(struct held *h)
{
	if (h->reserved)
		outlets_unreserve(h->parked.set, h->identity.sub, h->parked.address);
	h->reserved = false;
}

static void over(struct parked *p)
{
	struct held *h = container_of(p, struct held, parked);

	unreserve(h);
	identity_release(&h->identity);
	json_object_put(h->query);
	free(h->path);
	free(h->asked);
	free(h->claims);
	free(h->params_json);
	free(h->origin);
	free(h);
}

/* --- waiting --- */

static struct wire wire_of(const struct held *h, enum frame_format format)
{
	return (struct wire){.bare = h->parked.bare, .format = format, .form = h->shape.form};
}

/* Longer than proxies like to wait for a head: it gets one, and pings from then on; without gzip, which only an outlet has. A page can
 * have nothing in front: its client is to ask again. */
static void late(struct parked *p)
{
	struct held *h = container_of(p, struct held, parked);
	struct refusal refusal;
	struct wire wire;
	struct buf out;

	if (h->shape.page) {
		refusal_for_now(&refusal);
		parked_refuse(p, &refusal);
		return;
	}
	if (h->shape.form == FRAME_PACKED)
		h->shape.form = FRAME_EVENTS;
	wire = wire_of(h, FRAME_NAMED);
	buf_init(&out);
	if (!h->head_sent)
		control_append_head(&out, wire, p->cors);
	control_append_ping(&out, wire);
	h->head_sent = true;
	parked_send(p, &out);
	buf_release(&out);
	if (!p->done)
		loop_set_timer(p->set->loop, &p->timer, p->set->options->heartbeat_ms);
}

/* --- deciding --- */

static struct stream *find_stream(struct held *h)
{
	struct stream *s;

	h->params.count = 0;
	s = router_find(h->parked.set->router, h->path, &h->params);
	holder_read_params(h->query, &h->params);
	return s;
}

static void refuse(struct held *h, const struct refusal *refusal)
{
	struct stream *s;
	struct buf out;

	if (!h->head_sent) {
		parked_refuse(&h->parked, refusal);
		return;
	}
	s = find_stream(h);
	buf_init(&out);
	control_append_closing(&out, wire_of(h, s == NULL ? FRAME_NAMED : s->def.format), "forbidden");
	parked_send(&h->parked, &out);
	parked_drop(&h->parked);
	buf_release(&out);
}

static void let_in(struct held *h, struct stream *s, struct wanted *wanted)
{
	struct parked *p = &h->parked;
	struct outlet_request request = {.bare = p->bare, .stream = s, .wanted = *wanted, .resume = h->resume,
					 .unknown = h->unknown, .after = h->after, .cors = p->cors, .address = p->address,
					 .head_sent = h->head_sent, .shape = h->shape};

	p->address = NULL;
	holder_init(&request.holder, &h->identity, &h->params, stream_def_needs_claims(&s->def));
	request.fd = parked_give(p);
	outlet_open(p->set, &request);
}

static void on_entitled(struct question *q, bool failed, const char *value);

static void ask_entitled(struct held *h, const struct stream *s)
{
	struct question *q = &h->parked.question;

	free(h->asked);
	free(h->claims);
	free(h->params_json);
	h->asked = xstrdup(s->def.path);
	h->claims = identity_claims_json(&h->identity);
	h->params_json = holder_params_json(&h->params);
	h->parked.sub = h->identity.sub;
	*q = (struct question){.kind = QUESTION_ENTITLED, .answered = on_entitled,
			       .params = {h->asked, h->claims, h->params_json}};
	reserve(h);
	parked_ask(&h->parked);
}

/* With what is known now: let in, refuse, or ask what only the database knows. entitled: it has said yes to what was asked. */
static void decide(struct held *h, bool entitled)
{
	struct stream *s = find_stream(h);
	struct refusal refusal;
	struct wanted wanted;

	if (s == NULL) {
		refusal_not_found(&refusal);
		refuse(h, &refusal);
		return;
	}
	if (!admission_decide(h->parked.set, s, &h->identity, &h->params, h->parked.address, &wanted, &refusal)) {
		refuse(h, &refusal);
	} else if (s->def.authorize != NULL && !(entitled && strcmp(h->asked, s->def.path) == 0)) {
		ask_entitled(h, s);
	} else {
		let_in(h, s, &wanted);
		return; /* which has taken wanted over */
	}
	wanted_release(&wanted);
}

/* What it rests on may have changed while it was asked: then it is asked once more. */
static void on_entitled(struct question *q, bool failed, const char *value)
{
	struct held *h = container_of(container_of(q, struct parked, question), struct held, parked);
	struct refusal refusal;

	unreserve(h);
	if (!failed && value != NULL && strcmp(value, "true") == 0) {
		decide(h, !h->parked.stale);
		return;
	}
	refusals_log(&h->parked.set->refusals, "[STREAM] refused: '%s' is not authorized for '%s'%s", h->identity.sub == NULL ? "" : h->identity.sub, h->path,
		 failed ? ": the function failed" : "");
	refusal_forbidden(&refusal);
	refuse(h, &refusal);
}

static void on_redeemed(struct question *q, bool failed, const char *value)
{
	struct held *h = container_of(container_of(q, struct parked, question), struct held, parked);
	struct refusal refusal;

	if (!failed && value != NULL && identity_read(value, strlen(value), &h->identity) &&
	    h->identity.ends_ms > clock_wall_ms()) {
		decide(h, false);
		return;
	}
	refusals_log(&h->parked.set->refusals, "[STREAM] refused: ticket of a request for '%s' from %s: %s", h->path, h->parked.address,
		 failed ? "the database did not say" : "there is none, or it was used");
	refusal_of_token(&refusal, true);
	refuse(h, &refusal);
}

/* --- beginning --- */

static void ask_ticket(struct held *h, const struct request *r)
{
	struct question *q = &h->parked.question;

	h->origin = r->origin == NULL ? NULL : xstrdup(r->origin);
	*q = (struct question){.kind = QUESTION_REDEEM, .answered = on_redeemed, .params = {h->hash, h->origin}};
	parked_ask(&h->parked);
}

bool held_start(struct outlets *set, const struct held_request *request, struct refusal *ret_refusal)
{
	struct held *h = xcalloc(1, sizeof(*h));
	char *query = holder_params_json(request->query);

	h->path = xstrdup(request->request->path);
	h->query = json_parse(query, strlen(query));
	free(query);
	h->resume = request->resume;
	h->unknown = request->unknown;
	h->after = request->after;
	h->shape = request->shape;
	if (!parked_init(&h->parked, set, request->request, late, over, ret_refusal)) {
		over(&h->parked);
		return false;
	}
	if (request->ticket != NULL) {
		memcpy(h->hash, request->ticket, sizeof(h->hash));
		ask_ticket(h, request->request);
		return true;
	}
	h->identity = *request->identity;
	*request->identity = (struct identity){.claims = NULL};
	decide(h, false);
	return true;
}
