/* SPDX-License-Identifier: PostgreSQL */
#include "http/gate.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "http/entitlement.h"
#include "http/reply.h"
#include "http/token.h"

/* The one text for every fault of a token: which it was is nobody's business but the log's. */
static const char token_failed[] = "Not authorized, token failed";

/* A request on its way through the gate. */
struct admission {
	struct outlets *outlets;
	const struct http_options *options;
	const struct request *request;
	struct stream *stream;
	struct params params; /* of path and query */
	struct identity identity;
	struct wanted wanted;
	enum MHD_Result result; /* of the answer, where it was refused */
};

static bool refuse(struct admission *a, unsigned status, const char *sentence, const char *header, const char *value)
{
	a->result = reply_error(a->request, a->options, status, sentence, header, value);
	return false;
}

static bool pass_framing(struct admission *a)
{
	if (request_well_framed(a->request))
		return true;
	return refuse(a, MHD_HTTP_BAD_REQUEST, "The request's framing is not clear, or it has a body", "Connection", "close");
}

static bool pass_path(struct admission *a)
{
	a->stream = router_find(a->outlets->router, a->request->path, &a->params);
	if (a->stream == NULL)
		return refuse(a, MHD_HTTP_NOT_FOUND, "There is no such stream", NULL, NULL);
	if (strcmp(a->request->method, MHD_HTTP_METHOD_OPTIONS) == 0) {
		a->result = reply_preflight(a->request, a->options);
		return false;
	}
	if (strcmp(a->request->method, MHD_HTTP_METHOD_GET) != 0)
		return refuse(a, MHD_HTTP_METHOD_NOT_ALLOWED, "A stream is opened with GET", "Allow", "GET, OPTIONS");
	if (!request_add_query(a->request, &a->params))
		return refuse(a, MHD_HTTP_BAD_REQUEST, "The request has too many parameters", NULL, NULL);
	return true;
}

static bool pass_token(struct admission *a)
{
	char *token;
	const char *why = "there is none";
	bool valid;

	if (a->stream->def.anonymous) {
		a->identity.ends_ms = INT64_MAX;
		return true;
	}
	token = request_token(a->request, &a->params, a->options);
	valid = token != NULL && token_verify(&a->options->token, token, clock_wall_ms(), &a->identity, &why);
	if (token != NULL)
		explicit_bzero(token, strlen(token));
	free(token);
	if (valid)
		return true;
	log_info("[STREAM] refused: token of a request for '%s' from %s: %s", a->stream->def.path, a->request->address, why);
	return refuse(a, MHD_HTTP_UNAUTHORIZED, token_failed, "WWW-Authenticate", "Bearer");
}

static bool pass_entitlement(struct admission *a)
{
	const char *param = NULL;
	char sentence[200];

	switch (entitlement_decide(&a->stream->def, &a->identity, &a->params, &a->wanted, &param)) {
	case ENTITLED:
		return true;
	case ENTITLEMENT_BAD_PARAM:
		snprintf(sentence, sizeof(sentence), "The parameter %s is missing", param);
		return refuse(a, MHD_HTTP_BAD_REQUEST, sentence, NULL, NULL);
	case ENTITLEMENT_FORBIDDEN:
		break;
	}
	log_info("[STREAM] refused: '%s' may not open '%s'", a->identity.sub == NULL ? "" : a->identity.sub,
		 a->stream->def.path);
	return refuse(a, MHD_HTTP_FORBIDDEN, "Not allowed to open this stream", NULL, NULL);
}

static bool pass_room(struct admission *a)
{
	switch (outlets_room(a->outlets, a->identity.sub, a->request->address)) {
	case OUTLETS_ROOM:
		return true;
	case OUTLETS_FULL:
		return refuse(a, MHD_HTTP_SERVICE_UNAVAILABLE, "No stream is free, try again later", "Retry-After", "5");
	case OUTLETS_USER_FULL:
		return refuse(a, MHD_HTTP_TOO_MANY_REQUESTS, "Too many streams of this user", "Retry-After", "30");
	case OUTLETS_ADDRESS_FULL:
		break;
	}
	return refuse(a, MHD_HTTP_TOO_MANY_REQUESTS, "Too many streams from this address", "Retry-After", "30");
}

/* Where the stream is to begin: the header decides, then the query under either of its names. */
static void find_resume(const struct admission *a, struct outlet_request *ret)
{
	const char *header = request_header(a->request, "Last-Event-ID");
	const struct text *param = params_find(&a->params, "last_event_id");
	char *id;

	if (param == NULL)
		param = params_find(&a->params, "lastEventId");
	if (header == NULL && param == NULL)
		return;
	id = header != NULL ? xstrdup(header) : xstrndup(param->bytes, param->len);
	if (id[0] != '\0') { /* empty: the standard's way to say none */
		ret->resume = strcmp(id, "earliest") == 0 || cursor_parse(id, &ret->after);
		ret->unknown = !ret->resume;
	}
	free(id);
}

/*
 * Duplicates the library's socket. Told MHD_NO, the library closes its own number and frees its connection;
 * started with MHD_USE_TURBO it does not shut the connection itself down, so the duplicate lives on.
 */
static int take_socket(const struct request *r)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info == NULL ? -1 : fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 0);
}

static void let_in(struct admission *a)
{
	struct outlet_request request = {
		.fd = take_socket(a->request),
		.bare = a->request->http10,
		.stream = a->stream,
		.ends_ms = a->identity.ends_ms,
	};

	if (request.fd < 0) {
		refuse(a, MHD_HTTP_SERVICE_UNAVAILABLE, "No stream is free, try again later", "Retry-After", "5");
		return;
	}
	find_resume(a, &request);
	request.wanted = a->wanted;
	a->wanted = (struct wanted){0};
	request.user = a->identity.sub == NULL ? NULL : xstrdup(a->identity.sub);
	request.address = xstrdup(a->request->address);
	request.cors = reply_cors(a->request, a->options);
	outlet_open(a->outlets, &request);
	free(request.cors);
	a->result = MHD_NO;
}

enum MHD_Result gate_admit(struct outlets *outlets, const struct request *r)
{
	struct admission a = {.outlets = outlets, .options = outlets->options, .request = r, .result = MHD_NO};

	if (pass_framing(&a) && pass_path(&a) && pass_token(&a) && pass_entitlement(&a) && pass_room(&a))
		let_in(&a);
	identity_release(&a.identity);
	wanted_release(&a.wanted);
	return a.result;
}
