/* SPDX-License-Identifier: PostgreSQL */
#include "gate/renew.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "base/xalloc.h"
#include "auth/json.h"
#include "http/codes.h"
#include "outlet/tenure.h"
#include "gate/endpoint.h"
#include "gate/waiter.h"

struct renew {
	struct waiter waiter;
	char code[SECRET_TEXT_MAX];
	char *identity;
};

static void over(struct waiter *p)
{
	struct renew *w = container_of(p, struct renew, waiter);

	free(w->identity);
	free(w);
}

static bool read_code(const struct request *r, char ret_code[SECRET_TEXT_MAX])
{
	struct json_object *body = json_parse(r->body, r->body_len), *code = NULL;
	bool good = json_object_is_type(body, json_type_object) &&
		    json_object_object_get_ex(body, "stream", &code) &&
		    json_object_is_type(code, json_type_string) &&
		    json_object_get_string_len(code) == SECRET_TEXT_MAX - 1;

	if (good)
		memcpy(ret_code, json_object_get_string(code), SECRET_TEXT_MAX);
	json_object_put(body);
	return good;
}

static void on_told(struct question *q, const struct answer *a)
{
	struct renew *w =
		container_of(container_of(q, struct waiter, question), struct renew, waiter);
	struct refusal refusal;

	if (!a->failed) {
		waiter_answer(&w->waiter, HTTP_ACCEPTED, "{\"success\":true}", NULL, NULL);
		return;
	}
	refusal_for_now(&refusal);
	waiter_refuse(&w->waiter, &refusal);
}

static void tell_others(struct renew *w, const struct identity *id)
{
	struct buf identity;

	buf_init(&identity);
	identity_append_json(id, &identity);
	w->identity = buf_detach(&identity);
	w->waiter.question = (struct question){
		.kind = QUESTION_RENEW, .answered = on_told, .params = {w->code, w->identity}};
	waiter_ask(&w->waiter, id->sub);
}

static bool start(struct gate *gate, const struct request *r, const struct identity *id,
		  struct refusal *ret_refusal)
{
	struct renew *w = xcalloc(1, sizeof(*w));
	char body[80];

	if (!read_code(r, w->code))
		refusal_bad_request(
			ret_refusal,
			"The body must be {\"stream\": \"...\"}, the code of an expiring event");
	else if (!waiter_init(&w->waiter, gate, r, NULL, over, ret_refusal))
		; /* it has said why */
	else {
		switch (tenure_renew(gate->outlets, w->code, id)) {
		case RENEWAL_DONE:
			snprintf(body, sizeof(body),
				 "{\"success\":true,\"expires_in\":%" PRId64 "}",
				 (id->ends_ms - clock_wall_ms()) / 1000);
			waiter_answer(&w->waiter, HTTP_OK, body, NULL, NULL);
			break;
		case RENEWAL_REFUSED:
			refusal_forbidden(ret_refusal, "renew this stream");
			waiter_refuse(&w->waiter, ret_refusal);
			break;
		case RENEWAL_ELSEWHERE:
			tell_others(w, id);
		}
		return true;
	}
	over(&w->waiter);
	return false;
}

bool renew_post(struct gate *gate, const struct request *r)
{
	return endpoint_post(gate, r, start);
}
