/* SPDX-License-Identifier: PostgreSQL */
#include "gate/contract.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "http/codes.h"
#include "http/reply.h"
#include "gate/endpoint.h"
#include "gate/waiter.h"

/*
 * Requests that wait for the same answer. More are answered 503, because none of them had to show a
 * token.
 */
#define WAITING_MAX 200
#define TAG_MAX 19

struct contract {
	char *body;        /* NULL if not known */
	char tag[TAG_MAX]; /* its ETag, which is the same from all instances */
	struct question question;
	bool asked;          /* the question is under way */
	bool stale;          /* its answer may be old when it comes */
	struct list waiting; /* struct contract_visit */
	size_t waiting_count;
};

/* A request that waits for the answer. */
struct contract_visit {
	struct waiter waiter;
	struct list link; /* of those that wait */
	bool head;        /* the method is HEAD */
	char *known;      /* its If-None-Match, or NULL */
};

static void on_answered(struct question *q, const struct answer *a);

struct contract *contract_new(void)
{
	struct contract *c = xcalloc(1, sizeof(*c));

	c->question = (struct question){.kind = QUESTION_SCHEMA, .answered = on_answered};
	list_init(&c->waiting);
	return c;
}

static void drop_body(struct contract *c)
{
	free(c->body);
	c->body = NULL;
}

void contract_forget(struct contract *c)
{
	drop_body(c);
	c->stale = c->asked;
}

void contract_free(struct contract *c, struct question_ops questions)
{
	if (c->asked)
		questions.cancel(questions.ctx, &c->question);
	drop_body(c);
	free(c);
}

static void keep(struct contract *c, const char *body)
{
	static const struct hash_key everywhere_the_same = {0, 0};

	drop_body(c);
	c->body = xstrdup(body);
	snprintf(c->tag, sizeof(c->tag), "\"%016" PRIx64 "\"",
		 hash_bytes(everywhere_the_same, body, strlen(body)));
}

/*
 * If-None-Match is a list of tags, or '*' (RFC 9110 13.1.2). The quotes belong to a tag, so none is
 * found inside another one.
 */
static bool is_known(const struct contract *c, const char *known)
{
	return known != NULL && (strcmp(known, "*") == 0 || strstr(known, c->tag) != NULL);
}

static struct reply reply_of(const struct contract *c, const char *known)
{
	bool same = is_known(c, known);

	return (struct reply){.status = same ? HTTP_NOT_MODIFIED : HTTP_OK,
			      .type = "application/json",
			      .body = same ? "" : c->body,
			      .header = "ETag",
			      .header_value = c->tag,
			      .may_keep = true};
}

/* --- asking --- */

static void over(struct waiter *p)
{
	struct contract_visit *v = container_of(p, struct contract_visit, waiter);

	list_remove(&v->link);
	p->gate->contract->waiting_count--;
	free(v->known);
	free(v);
}

static void ask(struct gate *gate)
{
	struct contract *c = gate->contract;

	c->asked = true;
	c->stale = false;
	gate->questions.submit(gate->questions.ctx, &c->question);
}

static void answer(struct contract *c, struct contract_visit *v)
{
	struct reply reply;
	struct refusal refusal;

	list_remove(&v->link);
	if (c->body == NULL) {
		refusal_for_now(&refusal);
		waiter_refuse(&v->waiter, &refusal);
		return;
	}
	reply = reply_of(c, v->known);
	reply.head_only = v->head;
	waiter_reply(&v->waiter, &reply);
}

static void on_answered(struct question *q, const struct answer *a)
{
	struct contract *c = container_of(q, struct contract, question);

	c->asked = false;
	/* Requests that came since the contract changed are to get the new one. */
	if (a->values[0] != NULL && c->stale && !list_empty(&c->waiting)) {
		ask(list_first(&c->waiting, struct contract_visit, link)->waiter.gate);
		return;
	}
	if (a->values[0] != NULL && !c->stale)
		keep(c, a->values[0]);
	list_each (node, tmp, &c->waiting)
		answer(c, container_of(node, struct contract_visit, link));
}

/* To wait costs nothing but its place, and the answer is on its way. */
static void wait_on(struct waiter *w)
{
	(void)w;
}

static bool wait_for_it(struct gate *gate, const struct request *r, struct refusal *ret_refusal)
{
	struct contract *c = gate->contract;
	const char *known = request_header(r, "If-None-Match");
	struct contract_visit *v;

	if (!gate->available || c->waiting_count >= WAITING_MAX) {
		refusal_for_now(ret_refusal);
		return false;
	}
	v = xcalloc(1, sizeof(*v));
	if (!waiter_init(&v->waiter, gate, r, NULL, over, ret_refusal)) {
		free(v);
		return false;
	}
	v->waiter.half_closed = wait_on;
	v->head = strcmp(r->method, "HEAD") == 0;
	v->known = known == NULL ? NULL : xstrdup(known);
	c->waiting_count++;
	list_append(&c->waiting, &v->link);
	if (!c->asked)
		ask(gate);
	return true;
}

bool contract_get(struct gate *gate, const struct request *r)
{
	struct refusal refusal;
	struct reply reply;

	if (strcmp(r->method, "OPTIONS") == 0)
		return reply_preflight(r, gate->options, "GET, HEAD");
	if (!request_is_read(r)) {
		refusal_of_method(&refusal, "Ask with GET", "GET, HEAD, OPTIONS");
		return endpoint_refuse(gate, r, &refusal);
	}
	if (gate->available && gate->contract->body != NULL) {
		reply = reply_of(gate->contract, request_header(r, "If-None-Match"));
		return reply_send(r, gate->options, &reply);
	}
	return !wait_for_it(gate, r, &refusal) && endpoint_refuse(gate, r, &refusal);
}
