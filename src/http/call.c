/* SPDX-License-Identifier: PostgreSQL */
#include "http/call.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "http/desk.h"
#include "http/entitlement.h"
#include "http/holder.h"
#include "http/json.h"
#include "http/parked.h"
#include "http/reply.h"

struct call {
	struct parked parked;
	char *method, *path, *request;
};

static void over(struct parked *p)
{
	struct call *c = container_of(p, struct call, parked);

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

/* The body goes as it came: numbers keep their digits. */
static char *request_json(const struct request *r, const struct params *path, const struct params *query, const struct identity *id)
{
	struct buf out;

	buf_init(&out);
	buf_append_char(&out, '{');
	append_member(&out, "params", holder_params_json(path));
	buf_append_char(&out, ',');
	append_member(&out, "query", holder_params_json(query));
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

	refusal_for_now(&refusal);
	parked_refuse(&c->parked, &refusal);
}

/* "status", line end, what to log, line end, the body: as the statement of pg/asker.c puts them together. */
static void on_answered(struct question *q, bool failed, const char *value)
{
	struct call *c = container_of(container_of(q, struct parked, question), struct call, parked);
	const char *fault = failed || value == NULL ? NULL : strchr(value, '\n');
	const char *body = fault == NULL ? NULL : strchr(fault + 1, '\n');
	unsigned status;

	if (body == NULL) {
		fail(c);
		return;
	}
	status = (unsigned)strtoul(value, NULL, 10);
	if (body > fault + 1)
		(status < 500 ? log_info : log_warn)("[STREAM] action %s '%s' was answered %u: %.*s", c->method, c->path, status,
						     (int)(body - fault - 1), fault + 1);
	parked_answer(&c->parked, status, body + 1, status == MHD_HTTP_SERVICE_UNAVAILABLE ? "Retry-After" : NULL, "2");
}

/* Is it what PostgreSQL takes for JSON as well? Of the body alone it must be true too: it becomes a member of the whole. */
static bool is_json(const char *text, size_t len)
{
	struct json_object *value = json_parse(text, len);
	bool is = value != NULL || (len == 4 && memcmp(text, "null", 4) == 0);

	json_object_put(value);
	return is;
}

static bool begin(struct outlets *set, const struct request *r, const struct action_def *action, const struct params *path,
		  const struct params *query, const struct identity *id, struct refusal *ret_refusal)
{
	char *request = request_json(r, path, query, id);
	struct call *c;

	if ((r->body_len > 0 && !is_json(r->body, r->body_len)) || !is_json(request, strlen(request))) {
		refusal_bad_request(ret_refusal, "The body is not JSON, or a parameter is not UTF-8");
		free(request);
		return false;
	}
	c = xcalloc(1, sizeof(*c));
	c->method = xstrdup(action->method);
	c->path = xstrdup(action->path);
	c->request = request;
	if (!parked_init(&c->parked, set, r, NULL, over, ret_refusal)) {
		over(&c->parked);
		return false;
	}
	c->parked.question = (struct question){.kind = QUESTION_ACTION, .answered = on_answered, .params = {c->method, c->path, c->request}};
	parked_ask(&c->parked);
	return true;
}

static bool is_allowed(struct outlets *set, const struct action_def *action, const struct request *r, const struct params *path, const struct params *query,
		       const struct identity *id, struct refusal *ret_refusal)
{
	struct params all = *path;

	for (size_t i = 0; i < query->count && all.count < PARAMS_MAX; i++)
		all.items[all.count++] = query->items[i];
	if (entitlement_requires(action->require, id->claims, &all, NULL))
		return true;
	refusals_log(&set->refusals, "[STREAM] refused: '%s' may not %s '%s'", id->sub, r->method, action->path);
	refusal_forbidden(ret_refusal, "do this");
	return false;
}

enum MHD_Result call_start(struct outlets *set, const struct request *r, const struct action_def *action,
			   const struct params *path)
{
	struct identity id = {.claims = NULL};
	struct params query = {.count = 0};
	struct refusal refusal;
	bool taken = false;

	if (!request_add_query(r, &query))
		refusal_bad_request(&refusal, "The request has too many parameters");
	else if (!set->available)
		refusal_for_now(&refusal);
	else
		taken = desk_identify(set, r, &query, &id, &refusal) && is_allowed(set, action, r, path, &query, &id, &refusal) &&
			begin(set, r, action, path, &query, &id, &refusal);
	identity_release(&id);
	return taken ? MHD_NO : desk_refuse(set, r, &refusal);
}
