/* SPDX-License-Identifier: PostgreSQL */
#include "gate/pending_open.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "http/codes.h"
#include "http/params_json.h"
#include "outlet/control.h"
#include "outlet/outlets.h"
#include "outlet/ping.h"
#include "gate/endpoint.h"
#include "gate/ticket.h"

struct pending_open {
	struct waiter waiter;
	struct multi *multi; /* owned; what it asks for */
	struct identity identity;
	struct multi_item *asked_for; /* the one whose function is being asked */
	/*
	 * Texts of the question. `asked` is the path of the stream, which may be gone by the
	 * answer.
	 */
	char *asked, *claims, *params_json, *given, *origin;
	char hash[DIGEST_TEXT_MAX];
	char *token; /* owned, wiped; NULL unless its key is to come */
	struct opening opening;
	bool reserved; /* counted as a connection, and as one of its user */
};

static void reserve(struct pending_open *h)
{
	quota_reserve(&h->waiter.gate->outlets->quota, h->identity.sub, h->waiter.address);
	h->reserved = true;
}

static void unreserve(struct pending_open *h)
{
	if (h->reserved)
		quota_unreserve(&h->waiter.gate->outlets->quota, h->identity.sub,
				h->waiter.address);
	h->reserved = false;
}

static void over(struct waiter *p)
{
	struct pending_open *h = container_of(p, struct pending_open, waiter);

	unreserve(h);
	identity_release(&h->identity);
	multi_free(h->multi);
	free(h->asked);
	free(h->claims);
	free(h->params_json);
	free(h->given);
	free(h->origin);
	endpoint_forget_token(h->token);
	free(h);
}

/* --- waiting --- */

static struct wire wire_of(const struct pending_open *h, enum frame_format format)
{
	return (struct wire){
		.bare = h->opening.bare, .format = format, .form = h->opening.delivery.form};
}

/*
 * Begins bytes that come before the connection is there, with the head unless that was sent. They
 * are without gzip, which only an outlet has. A page can have nothing in front of it. Its client is
 * told to ask again, and false returned.
 */
static bool begin(struct pending_open *h, enum frame_format format, struct wire *ret_wire,
		  struct buf *ret_out)
{
	struct refusal refusal;

	if (h->opening.delivery.page) {
		refusal_for_now(&refusal);
		waiter_refuse(&h->waiter, &refusal);
		return false;
	}
	h->opening.delivery.form &= ~(unsigned)FRAME_PACKED;
	*ret_wire = wire_of(h, format);
	buf_init(ret_out);
	if (!h->opening.head_sent)
		control_append_head(ret_out, *ret_wire, h->waiter.cors);
	return true;
}

/*
 * It has waited longer than proxies like to wait for a head. Or its client says no more, and only
 * bytes tell whether it still reads. So it gets a head now, and pings from then on.
 */
static void late(struct waiter *p)
{
	struct pending_open *h = container_of(p, struct pending_open, waiter);
	struct wire wire;
	struct buf out;

	if (!begin(h, FRAME_NAMED, &wire, &out))
		return;
	ping_append(p->gate->outlets, &out, wire, h->opening.delivery.ping_event);
	h->opening.head_sent = true;
	waiter_send(p, &out);
	buf_release(&out);
	if (!p->done)
		loop_set_timer(p->gate->loop, &p->timer, p->gate->options->heartbeat_ms);
}

/* --- deciding --- */

/*
 * The 200 head is already sent, so a refusal can only be a `closing` event. This is the reason for
 * the status that it would have had. Only `forbidden` is final for clients. After any other reason
 * they come back, with another token or ticket. Or they find out then that the stream is not there.
 */
static const char *reason_of(unsigned status)
{
	switch (status) {
	case HTTP_UNAUTHORIZED:
		return "expired";
	case HTTP_FORBIDDEN:
		return "forbidden";
	case HTTP_BAD_REQUEST:
	case HTTP_NOT_FOUND:
		return "changed";
	default:
		return "failed";
	}
}

static void refuse(struct pending_open *h, const struct refusal *refusal)
{
	struct buf out;

	if (!h->opening.head_sent) {
		waiter_refuse(&h->waiter, refusal);
		return;
	}
	multi_find(h->multi, &h->waiter.gate->outlets->router->catalog);
	buf_init(&out);
	control_append_closing(&out, wire_of(h, multi_format(h->multi)), reason_of(refusal->status),
			       0, false);
	waiter_send(&h->waiter, &out);
	waiter_drop(&h->waiter);
	buf_release(&out);
}

/*
 * Whoever waits is told what connections are told. Without a word a proxy would answer 502, and an
 * EventSource takes that for final, as it does 503.
 */
static void leave(struct waiter *p)
{
	struct pending_open *h = container_of(p, struct pending_open, waiter);
	const struct outlets *set = p->gate->outlets;
	struct wire wire;
	struct buf out;

	multi_find(h->multi, &set->router->catalog);
	if (!begin(h, multi_format(h->multi), &wire, &out))
		return;
	control_append_closing(&out, wire, "shutdown", outlets_spread_retry_ms(set), false);
	waiter_end(p, &out);
	buf_release(&out);
}

static void let_in(struct pending_open *h)
{
	struct waiter *w = &h->waiter;

	h->opening.cors = w->cors;
	h->opening.address = w->address;
	w->address = NULL;
	h->opening.fd = waiter_give(w);
	multi_open(h->multi, w->gate, &h->identity, &h->opening);
}

static void on_entitled(struct question *q, const struct answer *a);

static void ask_entitled(struct pending_open *h, struct multi_item *item)
{
	struct question *q = &h->waiter.question;

	free(h->asked);
	free(h->claims);
	free(h->params_json);
	free(h->given);
	h->asked_for = item;
	h->asked = xstrdup(item->stream->def.path);
	h->claims = identity_claims_json(&h->identity);
	h->params_json = params_json(&item->params);
	h->given = entitlement_given(&item->stream->def, &item->wanted);
	h->waiter.sub = h->identity.sub;
	*q = (struct question){.kind = QUESTION_ASKED,
			       .answered = on_entitled,
			       .params = {h->asked, h->claims, h->params_json, h->given}};
	reserve(h);
	waiter_ask(&h->waiter, h->identity.sub);
}

static void decide(struct pending_open *h)
{
	struct multi_item *item;
	struct refusal refusal;

	switch (multi_decide(h->multi, h->waiter.gate, &h->identity, h->waiter.address, &item,
			     &refusal)) {
	case MULTI_ADMITTED:
		let_in(h);
		break;
	case MULTI_REFUSED:
		refuse(h, &refusal);
		break;
	case MULTI_ASKS:
		ask_entitled(h, item);
	}
}

/*
 * The function has said yes. If what it rests on has changed since, its answer does not count, nor
 * do those before it.
 */
static void note_yes(struct pending_open *h, const struct answer *a)
{
	if (h->waiter.stale)
		multi_doubt(h->multi);
	else
		multi_grant(h->asked_for, h->asked,
			    &(struct entitlement_said){a->values[1], a->values[2]});
}

/*
 * What the answer rests on may have changed while the function was asked. Then it is asked once
 * more.
 */
static void on_entitled(struct question *q, const struct answer *a)
{
	struct pending_open *h =
		container_of(container_of(q, struct waiter, question), struct pending_open, waiter);
	struct refusal refusal;

	unreserve(h);
	if (a->values[0] != NULL && strcmp(a->values[0], "true") == 0) {
		note_yes(h, a);
		decide(h);
		return;
	}
	refusal_stats_log(&h->waiter.gate->refusals,
			  "[STREAM] refused: '%s' is not authorized for '%s'%s",
			  h->identity.sub == NULL ? "" : h->identity.sub, h->asked_for->path,
			  a->passing  ? ": the function could not answer now"
			  : a->failed ? ": the function failed"
				      : "");
	/* 403 is final for clients. A slow database must not take a page away for good. */
	if (a->passing)
		refusal_for_now(&refusal);
	else
		refusal_forbidden(&refusal, "open this stream");
	refuse(h, &refusal);
}

static void on_redeemed(struct question *q, const struct answer *a)
{
	struct pending_open *h =
		container_of(container_of(q, struct waiter, question), struct pending_open, waiter);
	struct refusal refusal;

	unreserve(h);
	if (a->values[0] != NULL &&
	    identity_read(a->values[0], strlen(a->values[0]),
			  h->waiter.gate->options->token.subject, &h->identity) &&
	    h->identity.ends_ms > clock_wall_ms()) {
		decide(h);
		return;
	}
	refusal_stats_log(&h->waiter.gate->refusals,
			  "[STREAM] refused: ticket of a request for '%s' from %s: %s",
			  multi_name(h->multi), h->waiter.address,
			  a->failed ? "the database did not say" : "there is none, or it was used");
	refusal_of_token(&refusal, true);
	refuse(h, &refusal);
}

/* A provider has given its keys, or could not. The same token is looked at again. */
static void on_keys(struct waiter *p)
{
	struct pending_open *h = container_of(p, struct pending_open, waiter);
	enum endpoint_token result;
	struct refusal refusal;

	unreserve(h); /* while it is still nobody's */
	result = endpoint_verify(p->gate, h->token, multi_name(h->multi), p->address, &h->identity);
	if (result == ENDPOINT_TOKEN_WAITS) {
		reserve(h);
		return;
	}
	p->keys_came = NULL;
	if (result == ENDPOINT_TOKEN_GOOD) {
		decide(h);
		return;
	}
	refusal_of_token(&refusal, true);
	refuse(h, &refusal);
}

/* --- beginning --- */

static void ask_ticket(struct pending_open *h, const struct request *r)
{
	struct question *q = &h->waiter.question;

	h->origin = r->origin == NULL ? NULL : xstrdup(r->origin);
	*q = (struct question){
		.kind = QUESTION_REDEEM, .answered = on_redeemed, .params = {h->hash, h->origin}};
	reserve(h);
	waiter_ask(&h->waiter, NULL);
}

/*
 * A provider that does not answer is given up after 5 or 10 s (provider/fetch.h). A 401 then would
 * end a browser's stream for ever, so the head is out before.
 */
static void await_key(struct pending_open *h)
{
	h->waiter.keys_came = on_keys;
	if (!h->opening.delivery.page)
		loop_set_timer(h->waiter.gate->loop, &h->waiter.timer, PENDING_OPEN_KEY_MS);
	reserve(h);
}

bool pending_open_start(struct gate *gate, const struct pending_open_request *request,
			struct refusal *ret_refusal)
{
	struct pending_open *h = xcalloc(1, sizeof(*h));

	h->multi = request->multi;
	h->opening = *request->opening;
	h->token = request->token;
	if (((request->ticket != NULL || request->token != NULL) &&
	     !admission_room(gate, NULL, request->request->address, ret_refusal)) ||
	    !waiter_init(&h->waiter, gate, request->request, late, over, ret_refusal)) {
		over(&h->waiter);
		return false;
	}
	h->waiter.leave = leave;
	h->waiter.half_closed = h->opening.delivery.page ? NULL : late;
	if (request->ticket != NULL) {
		memcpy(h->hash, request->ticket, sizeof(h->hash));
		ask_ticket(h, request->request);
		return true;
	}
	if (request->token != NULL) {
		await_key(h);
		return true;
	}
	h->identity = *request->identity;
	*request->identity = (struct identity){.claims = NULL};
	decide(h);
	return true;
}
