/* SPDX-License-Identifier: PostgreSQL */
#include "http/schema.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"
#include "http/desk.h"
#include "http/parked.h"
#include "http/reply.h"

/* A request that waits for the answer. */
struct schema_visit {
	struct parked parked;
	struct list link; /* of those that wait */
	bool head;        /* only the head is wanted */
	char *known;      /* its If-None-Match, or NULL */
};

static void on_answered(struct question *q, bool failed, const char *value);

void schema_init(struct schema *s)
{
	*s = (struct schema){.question = {.kind = QUESTION_SCHEMA, .answered = on_answered}};
	list_init(&s->waiting);
}

static void drop_body(struct schema *s)
{
	free(s->body);
	s->body = NULL;
}

void schema_forget(struct schema *s)
{
	drop_body(s);
	s->stale = s->asked;
}

void schema_release(struct schema *s, struct question_ops questions)
{
	if (s->asked)
		questions.cancel(questions.ctx, &s->question);
	drop_body(s);
}

static void keep(struct schema *s, const char *body)
{
	static const struct hash_key everywhere_the_same = {0, 0};

	drop_body(s);
	s->body = xstrdup(body);
	snprintf(s->tag, sizeof(s->tag), "\"%016" PRIx64 "\"",
		 hash_bytes(everywhere_the_same, body, strlen(body)));
}

/* If-None-Match (RFC 9110 13.1.2): a list of tags, or '*'. The quotes belong to a tag, so none is
 * found inside another one. */
static bool is_known(const struct schema *s, const char *known)
{
	return known != NULL && (strcmp(known, "*") == 0 || strstr(known, s->tag) != NULL);
}

static struct reply reply_of(const struct schema *s, const char *known)
{
	bool same = is_known(s, known);

	return (struct reply){.status = same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK,
			      .type = "application/json",
			      .body = same ? "" : s->body,
			      .header = "ETag",
			      .header_value = s->tag,
			      .may_keep = true};
}

/* --- asking --- */

static void over(struct parked *p)
{
	struct schema_visit *v = container_of(p, struct schema_visit, parked);

	list_remove(&v->link);
	p->set->schema.waiting_count--;
	free(v->known);
	free(v);
}

static void ask(struct outlets *set)
{
	struct schema *s = &set->schema;

	s->asked = true;
	s->stale = false;
	set->questions.submit(set->questions.ctx, &s->question);
}

static void answer(struct schema *s, struct schema_visit *v)
{
	struct reply reply;
	struct refusal refusal;

	list_remove(&v->link);
	if (s->body == NULL) {
		refusal_for_now(&refusal);
		parked_refuse(&v->parked, &refusal);
		return;
	}
	reply = reply_of(s, v->known);
	reply.head_only = v->head;
	parked_reply(&v->parked, &reply);
}

static void on_answered(struct question *q, bool failed, const char *value)
{
	struct schema *s = container_of(q, struct schema, question);

	s->asked = false;
	/* who came since is to get the new one */
	if (!failed && value != NULL && s->stale && !list_empty(&s->waiting)) {
		ask(list_first(&s->waiting, struct schema_visit, link)->parked.set);
		return;
	}
	if (!failed && value != NULL && !s->stale)
		keep(s, value);
	list_each (node, tmp, &s->waiting)
		answer(s, container_of(node, struct schema_visit, link));
}

static bool wait_for_it(struct outlets *set, const struct request *r, struct refusal *ret_refusal)
{
	struct schema *s = &set->schema;
	const char *known = request_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH);
	struct schema_visit *v;

	if (!set->available || s->waiting_count >= SCHEMA_WAITING_MAX) {
		refusal_for_now(ret_refusal);
		return false;
	}
	v = xcalloc(1, sizeof(*v));
	if (!parked_init(&v->parked, set, r, NULL, over, ret_refusal)) {
		free(v);
		return false;
	}
	v->head = strcmp(r->method, MHD_HTTP_METHOD_HEAD) == 0;
	v->known = known == NULL ? NULL : xstrdup(known);
	s->waiting_count++;
	list_append(&s->waiting, &v->link);
	if (!s->asked)
		ask(set);
	return true;
}

enum MHD_Result schema_get(struct outlets *set, const struct request *r)
{
	struct refusal refusal;
	struct reply reply;

	if (strcmp(r->method, MHD_HTTP_METHOD_OPTIONS) == 0)
		return reply_preflight(r, set->options, "GET, HEAD");
	if (strcmp(r->method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(r->method, MHD_HTTP_METHOD_HEAD) != 0) {
		refusal_of_method(&refusal, "Ask with GET", "GET, HEAD, OPTIONS");
		return desk_refuse(set, r, &refusal);
	}
	if (set->available && set->schema.body != NULL) {
		reply = reply_of(&set->schema, request_header(r, MHD_HTTP_HEADER_IF_NONE_MATCH));
		return reply_send(r, set->options, &reply);
	}
	return wait_for_it(set, r, &refusal) ? MHD_NO : desk_refuse(set, r, &refusal);
}
