/* SPDX-License-Identifier: PostgreSQL */
#include "http/request.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/xalloc.h"
#include "http/cookie.h"
#include "http/origin.h"

/* All fields of one name, joined (RFC 9110 5.3). */
struct joined_fields {
	const char *name;
	char between;
	struct buf values;
	bool any;
};

static enum MHD_Result join_field(void *ctx, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	struct joined_fields *f = ctx;

	(void)kind;
	if (strcasecmp(name, f->name) != 0 || value == NULL)
		return MHD_YES;
	if (f->any)
		buf_append_char(&f->values, f->between);
	buf_append_str(&f->values, value);
	f->any = true;
	return MHD_YES;
}

/* Its bytes are NULL if there is no such field. They are in f, which the caller releases. */
static struct text join_fields(const struct request *r, const char *name, char between,
			       struct joined_fields *f)
{
	*f = (struct joined_fields){.name = name, .between = between};
	buf_init(&f->values);
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, join_field, f);
	return f->any ? (struct text){f->values.data, f->values.len} : (struct text){NULL, 0};
}

static void find_address(struct request *r, const struct proxies *proxies)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
	const struct sockaddr *peer =
		info == NULL || info->client_addr == NULL ? &nobody : info->client_addr;
	struct joined_fields x, standard;

	if (!proxies_trust(proxies, peer)) {
		proxies_print(peer, r->address);
		return;
	}
	proxies_client(proxies, peer, join_fields(r, "X-Forwarded-For", ',', &x),
		       join_fields(r, "Forwarded", '\n', &standard), r->address);
	buf_release(&x.values);
	buf_release(&standard.values);
}

/* The path of "http://host" alone is "/" (RFC 9110 4.2.3). */
static const char *path_of(const char *url, const struct target *target)
{
	return target->prefix > 0 && url[target->prefix] == '\0' ? "/" : url + target->prefix;
}

void request_init(struct request *r, struct MHD_Connection *connection, const char *url,
		  const char *method, const char *version, const struct target *target,
		  const struct proxies *proxies)
{
	*r = (struct request){.connection = connection,
			      .path = path_of(url, target),
			      .method = method,
			      .target = target,
			      .body = ""};
	r->http10 = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
	r->origin = request_header(r, MHD_HTTP_HEADER_ORIGIN);
	find_address(r, proxies);
}

const char *request_header(const struct request *r, const char *name)
{
	return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

bool request_is_read(const struct request *r)
{
	return strcmp(r->method, MHD_HTTP_METHOD_GET) == 0 ||
	       strcmp(r->method, MHD_HTTP_METHOD_HEAD) == 0;
}

static enum MHD_Result add_accept(void *ctx, enum MHD_ValueKind kind, const char *name,
				  const char *value)
{
	(void)kind;
	if (value != NULL && strcasecmp(name, MHD_HTTP_HEADER_ACCEPT) == 0)
		accept_read(ctx, value);
	else if (value != NULL && strcasecmp(name, MHD_HTTP_HEADER_ACCEPT_ENCODING) == 0)
		accept_read_encoding(ctx, value);
	return MHD_YES;
}

void request_read_accept(const struct request *r, struct accept *ret_accept)
{
	*ret_accept = (struct accept){.gzip = {.named = false}};
	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, add_accept, ret_accept);
}

bool request_add_query(const struct request *r, struct params *params)
{
	const struct params *query = &r->target->params;

	for (size_t i = 0; i < query->count; i++) {
		if (params->count == PARAMS_MAX)
			return false;
		params->items[params->count++] = query->items[i];
	}
	return !r->target->crowded;
}

struct cookie_search {
	const char *name;
	char *found;
};

static enum MHD_Result look_for_cookie(void *ctx, enum MHD_ValueKind kind, const char *name,
				       const char *value)
{
	struct cookie_search *s = ctx;

	(void)kind;
	if (strcasecmp(name, MHD_HTTP_HEADER_COOKIE) == 0 && value != NULL)
		s->found = cookie_find(value, s->name);
	return s->found == NULL ? MHD_YES : MHD_NO;
}

static char *cookie_token(const struct request *r, const char *name)
{
	struct cookie_search s = {name, NULL};

	MHD_get_connection_values(r->connection, MHD_HEADER_KIND, look_for_cookie, &s);
	if (s.found != NULL && s.found[0] == '\0') {
		free(s.found);
		s.found = NULL;
	}
	return s.found;
}

/*
 * "Bearer" and one blank, with the scheme in any letter case (RFC 6750 2.1, RFC 9110 11.1).
 * Borrowed.
 */
static const char *bearer(const struct request *r)
{
	const char *value = request_header(r, MHD_HTTP_HEADER_AUTHORIZATION);

	return value != NULL && strncasecmp(value, "Bearer ", 7) == 0 ? value + 7 : NULL;
}

char *request_bearer(const struct request *r)
{
	const char *token = bearer(r);

	return token == NULL ? NULL : xstrdup(token);
}

static char *query_token(const struct params *query)
{
	const struct text *value = params_find(query, "token");

	return value == NULL || value->len == 0 ? NULL : xstrndup(value->bytes, value->len);
}

char *request_token(const struct request *r, const struct params *query,
		    const struct http_options *options)
{
	char *token = NULL;

	for (int i = 0; i < TOKEN_SOURCES && token == NULL; i++) {
		switch (options->sources[i]) {
		case TOKEN_COOKIE:
			token = cookie_token(r, options->cookie);
			break;
		case TOKEN_HEADER:
			token = request_bearer(r);
			break;
		case TOKEN_QUERY:
			token = query_token(query);
			break;
		case TOKEN_NOWHERE:
			return NULL;
		}
	}
	return token;
}

bool request_origin_allowed(const struct request *r, const struct http_options *options)
{
	if (r->origin == NULL)
		return false;
	for (const char *const *o = options->origins; o != NULL && *o != NULL; o++)
		if (origin_matches(*o, r->origin))
			return true;
	return false;
}

/* Compares "scheme://host[:port]" with Host. Only a proxy in front of us knows the scheme. */
static bool is_own_origin(const struct request *r)
{
	const char *host =
		r->target->host != NULL ? r->target->host : request_header(r, MHD_HTTP_HEADER_HOST);
	const char *origin = strstr(r->origin, "://");

	return host != NULL && origin != NULL && strcasecmp(origin + 3, host) == 0;
}

bool request_from_own_origin(const struct request *r)
{
	const char *site = request_header(r, "Sec-Fetch-Site");

	if (site != NULL)
		return strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
	return r->origin == NULL || is_own_origin(r);
}

bool request_from_own_page(const struct request *r, const struct http_options *options)
{
	return bearer(r) != NULL || request_origin_allowed(r, options) ||
	       request_from_own_origin(r);
}

bool request_from_https(const struct request *r)
{
	return r->origin != NULL && strncasecmp(r->origin, "https:", 6) == 0;
}

int request_take_socket(const struct request *r)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info == NULL ? -1 : fcntl(info->connect_fd, F_DUPFD_CLOEXEC, 0);
}
