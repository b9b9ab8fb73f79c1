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

/* A request that waits for the answer. */
struct contract_visit {
	struct waiter waiter;
	struct list link; /* of those that wait */
	bool head;        /* only the head is wanted */
	char *known;      /* its If-None-Match, or NULL */
};

static void on_answered(struct question *q, bool failed, const char *value);

void contract_init(struct contract *s)
{
	*s = (struct contract){.question = {.kind = QUESTION_SCHEMA, .answered = on_answered}};
	list_init(&s->waiting);
}

static void drop_body(struct contract *s)
{
	free(s->body);
	s->body = NULL;
}

void contract_forget(struct contract *s)
{
	drop_body(s);
	s->stale = s->asked;
}

void contract_release(struct contract *s, struct question_ops questions)
{
	if (s->asked)
		questions.cancel(questions.ctx, &s->question);
	drop_body(s);
}

static void keep(struct contract *s, const char *body)
{
	static const struct hash_key everywhere_the_same = {0, 0};

	drop_body(s);
	s->body = xstrdup(body);
	snprintf(s->tag, sizeof(s->tag), "\"%016" PRIx64 "\"",
		 hash_bytes(everywhere_the_same, body, strlen(body)));
}

/* If-None-Match (RFC 9110 13.1.2): a list of tags, or '*'. The quotes belong to a tag, so none is
 * found inside another one. */
static bool is_known(const struct contract *s, const char *known)
{
	return known != NULL && (strcmp(known, "*") == 0 || strstr(known, s->tag) != NULL);
}

static struct reply reply_of(const struct contract *s, const char *known)
{
	bool same = is_known(s, known);

	return (struct reply){.status = same ? HTTP_NOT_MODIFIED : HTTP_OK,
			      .type = "application/json",
			      .body = same ? "" : s->body,
			      .header = "ETag",
			      .header_value = s->tag,
			      .may_keep = true};
}

/* --- asking --- */

static void over(struct waiter *p)
{
	struct contract_visit *v = container_of(p, struct contract_visit, waiter);

	list_remove(&v->link);
	p->gate->contract.waiting_count--;
	free(v->known);
	free(v);
}

static void ask(struct gate *gate)
{
	struct contract *s = &gate->contract;

	s->asked = true;
	s->stale = false;
	gate->questions.submit(gate->questions.ctx, &s->question);
}

static void answer(struct contract *s, struct contract_visit *v)
{
	struct reply reply;
	struct refusal refusal;

	list_remove(&v->link);
	if (s->body == NULL) {
		refusal_for_now(&refusal);
		waiter_refuse(&v->waiter, &refusal);
		return;
	}
	reply = reply_of(s, v->known);
	reply.head_only = v->head;
	waiter_reply(&v->waiter, &reply);
}

static void on_answered(struct question *q, bool failed, const char *value)
{
	struct contract *s = container_of(q, struct contract, question);

	s->asked = false;
	/* who came since is to get the new one */
	if (!failed && value != NULL && s->stale && !list_empty(&s->waiting)) {
		ask(list_first(&s->waiting, struct contract_visit, link)->waiter.gate);
		return;
	}
	if (!failed && value != NULL && !s->stale)
		keep(s, value);
	list_each (node, tmp, &s->waiting)
		answer(s, container_of(node, struct contract_visit, link));
}

static bool wait_for_it(struct gate *gate, const struct request *r, struct refusal *ret_refusal)
{
	struct contract *s = &gate->contract;
	const char *known = request_header(r, "If-None-Match");
	struct contract_visit *v;

	if (!gate->available || s->waiting_count >= CONTRACT_WAITING_MAX) {
		refusal_for_now(ret_refusal);
		return false;
	}
	v = xcalloc(1, sizeof(*v));
	if (!waiter_init(&v->waiter, gate, r, NULL, over, ret_refusal)) {
		free(v);
		return false;
	}
	v->head = strcmp(r->method, "HEAD") == 0;
	v->known = known == NULL ? NULL : xstrdup(known);
	s->waiting_count++;
	list_append(&s->waiting, &v->link);
	if (!s->asked)
		ask(gate);
	return true;
}

bool contract_get(struct gate *gate, const struct request *r)
{
	struct refusal refusal;
	struct reply reply;

	if (strcmp(r->method, "OPTIONS") == 0)
		return reply_preflight(r, gate->options, "GET, HEAD");
	if (strcmp(r->method, "GET") != 0 && strcmp(r->method, "HEAD") != 0) {
		refusal_of_method(&refusal, "Ask with GET", "GET, HEAD, OPTIONS");
		return endpoint_refuse(gate, r, &refusal);
	}
	if (gate->available && gate->contract.body != NULL) {
		reply = reply_of(&gate->contract, request_header(r, "If-None-Match"));
		return reply_send(r, gate->options, &reply);
	}
	return !wait_for_it(gate, r, &refusal) && endpoint_refuse(gate, r, &refusal);
}
