/* SPDX-License-Identifier: PostgreSQL */
#include "gate/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "http/codes.h"
#include "http/cookie.h"
#include "http/reply.h"
#include "gate/endpoint.h"

#define METHODS "POST, DELETE"

static bool is_method(const struct request *r, const char *method)
{
	return strcmp(r->method, method) == 0;
}

static bool reads_cookies(const struct http_options *options)
{
	for (int i = 0; i < TOKEN_SOURCES && options->sources[i] != TOKEN_NOWHERE; i++)
		if (options->sources[i] == TOKEN_COOKIE)
			return true;
	return false;
}

static void refuse_sources(struct refusal *ret_refusal)
{
	refusal_set(ret_refusal, HTTP_NOT_FOUND,
		    "There are no sessions here: token-sources does not name cookie, so no stream "
		    "would read one");
}

static void refuse_page(struct gate *gate, const struct request *r, struct refusal *ret_refusal)
{
	endpoint_log_page(gate, r);
	refusal_set(ret_refusal, HTTP_FORBIDDEN,
		    "A session is for pages of this server's own origin, others ask for "
		    "/stream/ticket");
}

/* May this request begin or end a session? If false, *ret_refusal is the answer. */
static bool may_ask(struct gate *gate, const struct request *r, struct refusal *ret_refusal)
{
	if (!is_method(r, "POST") && !is_method(r, "DELETE"))
		refusal_of_method(ret_refusal, "Ask with POST or DELETE", METHODS ", OPTIONS");
	else if (!reads_cookies(gate->options))
		refuse_sources(ret_refusal);
	else if (!request_from_own_origin(r))
		refuse_page(gate, r, ret_refusal);
	else
		return true;
	return false;
}

/* Whole seconds until exp, at least one: the leeway is for clocks, and no part of the time. */
static int64_t seconds_left(const struct gate *gate, const struct identity *id)
{
	int64_t ms = id->ends_ms - gate->options->token.leeway_ms - clock_wall_ms();

	return ms <= 1000 ? 1 : ms / 1000;
}

/* Makes the value of Set-Cookie. If it is too long, *ret_refusal is the answer. */
static bool make_cookie(struct gate *gate, const struct request *r, const char *value,
			int64_t seconds, struct buf *ret_cookie, struct refusal *ret_refusal)
{
	struct cookie cookie = {gate->options->cookie, value, seconds, request_from_https(r)};

	if (cookie_append(&cookie, ret_cookie))
		return true;
	refusal_set(ret_refusal, HTTP_CONTENT_TOO_LARGE,
		    "The token has %zu bytes, and browsers keep no cookie of more than %d with its "
		    "name and attributes: ask for /stream/ticket",
		    strlen(value), COOKIE_MAX);
	return false;
}

static bool begin(struct gate *gate, const struct request *r, struct buf *ret_cookie,
		  struct refusal *ret_refusal)
{
	char *token = request_bearer(r);
	struct identity id = {.claims = NULL};
	bool begun = endpoint_accept(gate, r, token, &id, ret_refusal) &&
		     make_cookie(gate, r, token, seconds_left(gate, &id), ret_cookie, ret_refusal);

	if (token != NULL)
		explicit_bzero(token, strlen(token));
	free(token);
	identity_release(&id);
	return begun;
}

static bool end(struct gate *gate, const struct request *r, struct buf *ret_cookie,
		struct refusal *ret_refusal)
{
	return make_cookie(gate, r, "", 0, ret_cookie, ret_refusal);
}

static bool send_cookie(struct gate *gate, const struct request *r, const char *cookie)
{
	struct reply reply = {.status = HTTP_NO_CONTENT,
			      .body = "",
			      .header = "Set-Cookie",
			      .header_value = cookie};

	return reply_send(r, gate->options, &reply);
}

bool session_answer(struct gate *gate, const struct request *r)
{
	struct refusal refusal;
	struct buf cookie;
	bool answered;

	if (is_method(r, "OPTIONS"))
		return reply_preflight(r, gate->options, METHODS);
	buf_init(&cookie);
	if (may_ask(gate, r, &refusal) &&
	    (is_method(r, "POST") ? begin : end)(gate, r, &cookie, &refusal))
		answered = send_cookie(gate, r, cookie.data);
	else
		answered = endpoint_refuse(gate, r, &refusal);
	explicit_bzero(cookie.data, cookie.len);
	buf_release(&cookie);
	return answered;
}
