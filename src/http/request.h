/* SPDX-License-Identifier: PostgreSQL */
/*
 * request.h: what the HTTP library knows of a request, as the gate needs it. Borrowed from the
 * connection: valid during the library's call only.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>

#include "hub/router.h"
#include "http/accept.h"
#include "http/options.h"
#include "http/target.h"

#define REQUEST_ADDRESS_MAX 64

struct MHD_Connection; /* of the library */

struct request {
	struct MHD_Connection *connection;
	const char *path, *method;
	bool http10;
	const char *origin; /* NULL: none */
	const struct target *target;
	const char *body; /* whole, with a NUL behind it; "" where there is none */
	size_t body_len;
	bool sends_more; /* chunks, which nobody reads: they may come when it is answered */
	char address[REQUEST_ADDRESS_MAX];
};

/* url: the target without its query, decoded. */
void request_init(struct request *r, struct MHD_Connection *connection, const char *url,
		  const char *method, const char *version, const struct target *target);

const char *request_header(const struct request *r, const char *name); /* NULL: none */

/* What all its Accept and Accept-Encoding fields say. */
void request_read_accept(const struct request *r, struct accept *ret_accept);

/* Adds the query's parameters. False: more than there is room for. */
bool request_add_query(const struct request *r, struct params *params);

/*
 * The token that decides, from the first source that has one, copied (the caller frees it); NULL:
 * there is none. Cookies are looked for in all Cookie headers (RFC 6265 5.4 allows one; proxies
 * make several); of two with the name the first decides, as it is the one of the longer path.
 * Authorization of another scheme is as if absent.
 */
char *request_token(const struct request *r, const struct params *query,
		    const struct http_options *options);

/* by allowed-origins */
bool request_origin_allowed(const struct request *r, const struct http_options *options);

/*
 * Does the request come from a page of this server's own origin, of an allowed one, or from no
 * browser? What changes something on the strength of a cookie must ask (RFC 6265 8.2): browsers
 * send cookies with requests of any page.
 */
bool request_from_own_page(const struct request *r, const struct http_options *options);

/*
 * Duplicates the library's socket; -1: it cannot. A library that gets no answer closes its own
 * number and frees its connection. It does not shut the connection itself down (MHD_USE_TURBO), so
 * the duplicate lives on.
 */
int request_take_socket(const struct request *r);

#endif
