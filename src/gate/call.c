/* SPDX-License-Identifier: PostgreSQL */
#include "gate/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_grammar.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "auth/entitlement.h"
#include "http/codes.h"
#include "http/params_json.h"
#include "http/reply.h"
#include "gate/endpoint.h"
#include "gate/waiter.h"

#define CALL_DEPTH_MAX 512 /* arrays and objects of a body that may be open at once */
#define TEXT_OF(number) TEXT(number)
#define TEXT(number) #number

struct call {
	struct waiter waiter;
	char *method, *path, *request;
};

static void over(struct waiter *p)
{
	struct call *c = container_of(p, struct call, waiter);

	free(c->method);
	free(c->path);
	free(c->request);
	free(c);
}

static void append_member(struct buf *out, const char *name, char *json)
{
	buf_appendf(out, "\"%s\":%s", name, json);
	free(json);
}

/* The body goes as it came, so numbers keep their digits. */
static char *request_json(const struct request *r, const struct params *path,
			  const struct params *query, const struct identity *id)
{
	struct buf out;

	buf_init(&out);
	buf_append_char(&out, '{');
	append_member(&out, "params", params_json(path));
	buf_append_char(&out, ',');
	append_member(&out, "query", params_json(query));
	buf_append_char(&out, ',');
	append_member(&out, "claims", identity_claims_json(id));
	buf_append_str(&out, ",\"body\":");
	if (r->body_len == 0)
		buf_append_str(&out, "null");
	else
		buf_append(&out, r->body, r->body_len);
	buf_append_char(&out, '}');
	return buf_detach(&out);
}

static void fail(struct call *c)
{
	struct refusal refusal;

	refusal_of_question(&refusal, &c->waiter.question);
	waiter_refuse(&c->waiter, &refusal);
}

/* The values are the status, what to log, and the body. */
static void on_answered(struct question *q, const struct answer *a)
{
	struct call *c =
		container_of(container_of(q, struct waiter, question), struct call, waiter);
	const char *status_text = a->values[0], *fault = a->values[1], *body = a->values[2];
	unsigned status;

	if (status_text == NULL) {
		fail(c);
		return;
	}
	status = (unsigned)strtoul(status_text, NULL, 10);
	if (fault != NULL && status < 500)
		log_info("[STREAM] action %s '%s' was answered %u: %s", c->method, c->path, status,
			 fault);
	else if (fault != NULL)
		log_warn("[STREAM] action %s '%s' was answered %u: %s", c->method, c->path, status,
			 fault);
	waiter_answer(&c->waiter, status, body == NULL ? "" : body,
		      status == HTTP_SERVICE_UNAVAILABLE ? "Retry-After" : NULL, "2");
}

/*
 * Returns what is wrong with the body, or NULL. A sound body is what PostgreSQL takes for JSON as
 * well. It becomes a member of the whole as it is.
 */
static const char *body_fault(const struct request *r)
{
	static const char *const sentences[] = {
		[JSON_FAULT_SYNTAX] = "The body is not JSON",
		[JSON_FAULT_UTF8] = "The body is not UTF-8",
		[JSON_FAULT_CHARACTER] = "The body has a character that no text can hold: \\u0000, "
					 "or half of a surrogate pair",
		[JSON_FAULT_NAME_TWICE] = "The body has a name twice in one object",
		[JSON_FAULT_NUMBER] = "The body has a number that is too large: integers have 64 "
				      "bits, others are doubles",
		[JSON_FAULT_DEPTH] =
			"The body is nested deeper than " TEXT_OF(CALL_DEPTH_MAX) " levels",
	};

	return r->body_len == 0
		       ? NULL
		       : sentences[json_grammar_fault(r->body, r->body_len, CALL_DEPTH_MAX)];
}

/*
 * Checks what the database would refuse. Its error would say no more than that something was wrong.
 */
static bool is_sound(const struct request *r, const struct params *path, const struct params *query,
		     struct refusal *ret_refusal)
{
	const char *fault = params_are_utf8(path) && params_are_utf8(query)
				    ? body_fault(r)
				    : "A parameter is not UTF-8";

	if (fault != NULL)
		refusal_bad_request(ret_refusal, fault);
	return fault == NULL;
}

static bool begin(struct gate *gate, const struct request *r, const struct action_def *action,
		  const struct params *path, const struct params *query, const struct identity *id,
		  struct refusal *ret_refusal)
{
	struct call *c;

	if (!is_sound(r, path, query, ret_refusal))
		return false;
	c = xcalloc(1, sizeof(*c));
	c->method = xstrdup(action->method);
	c->path = xstrdup(action->path);
	c->request = request_json(r, path, query, id);
	if (!waiter_init(&c->waiter, gate, r, NULL, over, ret_refusal)) {
		over(&c->waiter);
		return false;
	}
	c->waiter.question = (struct question){.kind = QUESTION_ACTION,
					       .answered = on_answered,
					       .params = {c->method, c->path, c->request}};
	waiter_ask(&c->waiter, id->sub);
	return true;
}

static bool is_allowed(struct gate *gate, const struct action_def *action, const struct request *r,
		       const struct params *path, const struct params *query,
		       const struct identity *id, struct refusal *ret_refusal)
{
	struct params all = *path;

	for (size_t i = 0; i < query->count && all.count < PARAMS_MAX; i++)
		all.items[all.count++] = query->items[i];
	if (entitlement_requires(action->require, id->claims, &all, NULL))
		return true;
	refusal_stats_log(&gate->refusals, "[STREAM] refused: '%s' may not %s '%s'", id->sub,
			  r->method, action->path);
	refusal_forbidden(ret_refusal, "do this");
	return false;
}

bool call_start(struct gate *gate, const struct request *r, const struct action_def *action,
		const struct params *path)
{
	struct identity id = {.claims = NULL};
	struct params query = {.count = 0};
	struct refusal refusal;
	bool taken = false;

	if (!request_add_query(r, &query))
		refusal_bad_request(&refusal, "The request has too many parameters");
	else if (!gate->available)
		refusal_for_now(&refusal);
	else
		taken = endpoint_identify(gate, r, &query, &id, &refusal) &&
			is_allowed(gate, action, r, path, &query, &id, &refusal) &&
			begin(gate, r, action, path, &query, &id, &refusal);
	identity_release(&id);
	return !taken && endpoint_refuse(gate, r, &refusal);
}
