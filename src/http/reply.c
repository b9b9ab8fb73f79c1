/* SPDX-License-Identifier: PostgreSQL */
#include "http/reply.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "http/origin.h"

/* pages of another origin may read this one too, besides the few that they always may */
#define EXPOSED "Retry-After"

char *reply_cors(const struct request *r, const struct http_options *options)
{
	if (options->origins == NULL || options->origins[0] == NULL)
		return NULL;
	if (!request_origin_allowed(r, options))
		return xstrdup("Vary: Origin\r\n");
	return xasprintf(
		"Access-Control-Allow-Origin: %s\r\nAccess-Control-Allow-Credentials: true\r\n"
		"Access-Control-Expose-Headers: " EXPOSED "\r\nVary: Origin\r\n",
		r->origin);
}

static void add_cors(struct MHD_Response *response, const struct request *r,
		     const struct http_options *options)
{
	if (options->origins == NULL || options->origins[0] == NULL)
		return;
	MHD_add_response_header(response, "Vary", "Origin");
	if (!request_origin_allowed(r, options))
		return;
	MHD_add_response_header(response, "Access-Control-Allow-Origin", r->origin);
	MHD_add_response_header(response, "Access-Control-Allow-Credentials", "true");
	MHD_add_response_header(response, "Access-Control-Expose-Headers", EXPOSED);
}

/* Without the field, the library would keep the connection open after a request with a body. */
static bool queue_last(const struct request *r, unsigned status, struct MHD_Response *response)
{
	bool result;

	MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(r->connection, status, response) == MHD_YES;
	MHD_destroy_response(response);
	return result;
}

static const char *caching(const struct reply *reply)
{
	return reply->may_keep ? "no-cache" : "no-store";
}

bool reply_send(const struct request *r, const struct http_options *options,
		const struct reply *reply)
{
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(reply->body), (void *)(uintptr_t)reply->body, MHD_RESPMEM_MUST_COPY);

	if (response == NULL)
		return false;
	if (reply->type != NULL)
		MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "Cache-Control", caching(reply));
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	if (reply->status >= 400)
		MHD_add_response_header(response, "Content-Security-Policy", "default-src 'none'");
	if (reply->header != NULL)
		MHD_add_response_header(response, reply->header, reply->header_value);
	add_cors(response, r, options);
	return queue_last(r, reply->status, response);
}

void reply_append_error(struct buf *out, const char *sentence)
{
	buf_append_str(out, "{\"success\":false,\"errors\":[");
	buf_append_json(out, sentence, strlen(sentence));
	buf_append_str(out, "]}");
}

bool reply_error(const struct request *r, const struct http_options *options, unsigned status,
		 const char *sentence, const char *header, const char *header_value)
{
	struct reply reply = {status, "application/json", NULL, header, header_value};
	bool result;
	struct buf body;

	buf_init(&body);
	reply_append_error(&body, sentence);
	reply.body = body.data;
	result = reply_send(r, options, &reply);
	buf_release(&body);
	return result;
}

void reply_append_start(struct buf *out, unsigned status)
{
	time_t now = (time_t)(clock_wall_ms() / 1000);
	char date[40];
	struct tm utc;

	/* The names are English, because this program has the C locale. */
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &utc));
	buf_appendf(out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", status,
		    MHD_get_reason_phrase_for(status), date);
}

void reply_append_raw(struct buf *out, const struct reply *reply, const char *cors)
{
	reply_append_start(out, reply->status);
	buf_appendf(out,
		    "Content-Type: %s\r\nCache-Control: %s\r\nX-Content-Type-Options: nosniff\r\n",
		    reply->type, caching(reply));
	if (reply->status >= 400)
		buf_append_str(out, "Content-Security-Policy: default-src 'none'\r\n");
	if (reply->header != NULL)
		buf_appendf(out, "%s: %s\r\n", reply->header, reply->header_value);
	/* In a 304 it would be the length of the document that was not modified. */
	if (reply->status != MHD_HTTP_NOT_MODIFIED)
		buf_appendf(out, "Content-Length: %zu\r\n", strlen(reply->body));
	buf_appendf(out, "%sConnection: close\r\n\r\n%s", cors == NULL ? "" : cors,
		    reply->head_only ? "" : reply->body);
}

/* What a page of an allowed origin may send: what it asks for, or what streams take. */
static const char *allowed_fields(const struct request *r)
{
	const char *asked = request_header(r, "Access-Control-Request-Headers");

	return asked != NULL && origin_fields_good(asked)
		       ? asked
		       : "Authorization, Cache-Control, Content-Type, Last-Event-ID";
}

static void add_preflight(struct MHD_Response *response, const struct request *r,
			  const struct http_options *options, const char *methods)
{
	if (!request_origin_allowed(r, options))
		return;
	MHD_add_response_header(response, "Vary",
				"Access-Control-Request-Method, Access-Control-Request-Headers");
	MHD_add_response_header(response, "Access-Control-Allow-Methods", methods);
	MHD_add_response_header(response, "Access-Control-Allow-Headers", allowed_fields(r));
	MHD_add_response_header(response, "Access-Control-Max-Age", "600");
}

bool reply_preflight(const struct request *r, const struct http_options *options,
		     const char *methods)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	char *allow;

	if (response == NULL)
		return false;
	allow = xasprintf("%s, OPTIONS", methods);
	MHD_add_response_header(response, "Allow", allow);
	free(allow);
	add_cors(response, r, options);
	add_preflight(response, r, options, methods);
	return queue_last(r, MHD_HTTP_NO_CONTENT, response);
}
