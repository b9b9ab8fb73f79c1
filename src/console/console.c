/* SPDX-License-Identifier: PostgreSQL */
#include "console/console.h"

#include <string.h>

#include "base/crew.h"
#include "auth/json.h"
#include "http/codes.h"
#include "http/reply.h"
#include "gate/routes.h"
#include "console/asset.h"
#include "console/roster.h"

#define CONNECTIONS_MOST 1000 /* that one answer lists */

/* The page has its files and its JSON from here, and nothing from elsewhere. Nobody frames it. */
#define PAGE_POLICY                                                                             \
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src " \
	"'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

/* What an answer of the console has of the configuration: no page of another origin reads it. */
static const struct http_options nobody_else;

struct path {
	const char *path;
	/* Appends the answer, or takes the request over. False if *ret_refusal is the answer. */
	bool (*get)(struct console *c, const struct request *r, struct buf *out,
		    struct refusal *ret_refusal);
	bool (*post)(struct console *c, const struct request *r, struct refusal *ret_refusal);
};

static bool send_refusal(const struct request *r, const struct refusal *refusal)
{
	return reply_error(r, &nobody_else, refusal->status, refusal->sentence, refusal->header,
			   refusal->value);
}

static int64_t now_ms(const struct console *c)
{
	return c->gate->loop->now_ms;
}

/* --- what the page shows --- */

static bool get_status(struct console *c, const struct request *r, struct buf *out,
		       struct refusal *ret_refusal)
{
	const char *why = status_unready(c->status, now_ms(c));

	(void)r;
	(void)ret_refusal;
	buf_append_str(out, "{\"now\":");
	status_append_json(c->status, now_ms(c), out);
	buf_appendf(out, ",\"workers\":%zu,\"unready\":", crew_size(c->status->crew));
	if (why == NULL)
		buf_append_str(out, "null");
	else
		buf_append_json(out, why, strlen(why));
	buf_append_char(out, '}');
	return true;
}

static bool get_streams(struct console *c, const struct request *r, struct buf *out,
			struct refusal *ret_refusal)
{
	(void)r;
	(void)ret_refusal;
	roster_append_streams(c->gate->outlets, out);
	return true;
}

static bool get_connections(struct console *c, const struct request *r, struct buf *out,
			    struct refusal *ret_refusal)
{
	(void)r;
	(void)ret_refusal;
	roster_append_connections(c->gate->outlets, now_ms(c), CONNECTIONS_MOST, out);
	return true;
}

static uint64_t number_of(const struct text *value)
{
	uint64_t number = 0;

	for (size_t i = 0; value != NULL && i < value->len && i < 18; i++)
		if (value->bytes[i] >= '0' && value->bytes[i] <= '9')
			number = number * 10 + (uint64_t)(value->bytes[i] - '0');
	return number;
}

static bool get_events(struct console *c, const struct request *r, struct buf *out,
		       struct refusal *ret_refusal)
{
	const struct params *query = &r->target->params;
	const struct text *topic = params_find(query, "topic"), *data = params_find(query, "data");

	if (topic == NULL || topic->len == 0 || !params_are_utf8(query)) {
		refusal_bad_request(ret_refusal,
				    "Say which topic, such as /api/events?topic=orders");
		return false;
	}
	if (live_append(&c->live, *topic, number_of(params_find(query, "after")),
			data != NULL && text_is(*data, "shown"), now_ms(c), out))
		return true;
	refusal_set(ret_refusal, HTTP_SERVICE_UNAVAILABLE,
		    "%d other topics are looked at: try again when one is not, which takes %d s",
		    LIVE_TOPICS_MOST, LIVE_PATIENCE_MS / 1000);
	return false;
}

/* --- what commands say --- */

/* The members of the body that `explain` takes, as its flags. Borrowed from `asked`. */
static void read_flags(struct json_object *asked, const char **words)
{
	static const char *const flags[] = {"stream", "--stream", "change", "--change",
					    "row",    "--row",    "claims", "--claims",
					    "events", "--events"};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i += 2) {
		struct json_object *member = json_object_object_get(asked, flags[i]);
		const char *value = member == NULL ? NULL : json_object_get_string(member);

		if (value == NULL || value[0] == '\0')
			continue;
		*words++ = flags[i + 1];
		*words++ = value;
	}
	*words = NULL;
}

static bool post_explain(struct console *c, const struct request *r, struct refusal *ret_refusal)
{
	const char *words[TOOL_WORDS_MAX] = {"explain", "--json"};
	struct json_object *asked = json_parse(r->body, r->body_len);
	bool taken;

	if (!json_object_is_type(asked, json_type_object)) {
		json_object_put(asked);
		refusal_bad_request(ret_refusal,
				    "The body is not an object such as {\"stream\":\"/my/orders\","
				    "\"change\":\"4182-99213\",\"claims\":{\"sub\":\"7\"}}");
		return false;
	}
	read_flags(asked, words + 2);
	taken = tool_run(&c->tools, c->gate, r, words, ret_refusal);
	json_object_put(asked);
	return taken;
}

static bool post_doctor(struct console *c, const struct request *r, struct refusal *ret_refusal)
{
	static const char *const words[] = {"doctor", "--json", NULL};

	return tool_run(&c->tools, c->gate, r, words, ret_refusal);
}

static const struct path paths[] = {
	{"/api/status", get_status, NULL},           {"/api/streams", get_streams, NULL},
	{"/api/connections", get_connections, NULL}, {"/api/events", get_events, NULL},
	{"/api/explain", NULL, post_explain},        {"/api/doctor", NULL, post_doctor},
};

/* --- the way of a request --- */

static const struct path *find(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(paths[i].path, path) == 0)
			return &paths[i];
	return NULL;
}

static bool send_asset(const struct request *r, const struct asset *asset)
{
	struct reply reply = {.status = HTTP_OK,
			      .type = asset->type,
			      .body = asset->text,
			      .header = "Content-Security-Policy",
			      .header_value = PAGE_POLICY,
			      .may_keep = true};

	return reply_send(r, &nobody_else, &reply);
}

static bool send_json(struct console *c, const struct request *r, const struct path *path)
{
	struct reply reply = {.status = HTTP_OK, .type = "application/json"};
	struct refusal refusal;
	struct buf body;
	bool sent;

	buf_init(&body);
	if (path->get(c, r, &body, &refusal)) {
		reply.body = body.data;
		sent = reply_send(r, &nobody_else, &reply);
	} else {
		sent = send_refusal(r, &refusal);
	}
	buf_release(&body);
	return sent;
}

static bool on_answer(void *ctx, const struct request *r)
{
	struct console *c = ctx;
	const struct asset *asset = asset_find(r->path);
	const struct path *path = find(r->path);
	bool posts = strcmp(r->method, "POST") == 0;
	struct refusal refusal;

	if (asset == NULL && path == NULL)
		refusal_set(&refusal, HTTP_NOT_FOUND, "There is no such page");
	else if (!guard_admits(&c->guard, r, &refusal))
		;
	else if (asset != NULL && request_is_read(r))
		return send_asset(r, asset);
	else if (path != NULL && path->get != NULL && request_is_read(r))
		return send_json(c, r, path);
	else if (path == NULL || path->post == NULL)
		refusal_of_method(&refusal, "Ask with GET", "GET, HEAD");
	else if (!posts)
		refusal_of_method(&refusal, "Ask with POST", "POST");
	else if (path->post(c, r, &refusal))
		return false;
	return send_refusal(r, &refusal);
}

static bool on_takes_body(void *ctx, const struct request *r)
{
	const struct path *path = find(r->path);

	(void)ctx;
	return path != NULL && path->post != NULL && strcmp(r->method, "POST") == 0;
}

struct httpd_calls console_calls(struct console *c)
{
	return (struct httpd_calls){.takes_body = on_takes_body, .answer = on_answer, .ctx = c};
}

void console_release(struct console *c)
{
	live_release(&c->live);
}
