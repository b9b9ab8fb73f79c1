/* SPDX-License-Identifier: PostgreSQL */
/*
 * request.h: what the HTTP library knows of a request, as the gate needs it. It is borrowed from
 * the connection, and valid only during the library's call.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>

#include "hub/router.h"
#include "http/accept.h"
#include "http/options.h"
#include "http/target.h"

struct MHD_Connection; /* of the library */

struct request {
	struct MHD_Connection *connection;
	const char *path, *method;
	bool http10;
	const char *origin; /* NULL if there is none */
	const struct target *target;
	const char *body; /* whole, with a NUL after it; "" if there is none */
	size_t body_len;
	bool sends_more; /* chunks that nobody reads; they may come after the answer */
	char address[PROXIES_ADDRESS_MAX]; /* the client's, as trusted proxies say */
};

/* `url` is the target without its query, decoded. */
void request_init(struct request *r, struct MHD_Connection *connection, const char *url,
		  const char *method, const char *version, const struct target *target,
		  const struct proxies *proxies);

const char *request_header(const struct request *r, const char *name); /* NULL if there is none */

bool request_is_read(const struct request *r); /* its method is GET or HEAD */

/* What all Accept and Accept-Encoding fields of the request say. */
void request_read_accept(const struct request *r, struct accept *ret_accept);

/* Adds the query's parameters. False if there are more than there is room for. */
bool request_add_query(const struct request *r, struct params *params);

/*
 * The token that decides, from the first source that has one. The caller frees it. NULL if there is
 * none.
 *
 * A cookie is looked for in all Cookie headers. RFC 6265 5.4 allows one, but proxies make several.
 * The first of two cookies with the name decides, because it is the one of the longer path. An
 * Authorization of another scheme counts as none.
 */
char *request_token(const struct request *r, const struct params *query,
		    const struct http_options *options);

/*
 * The token of an Authorization of the scheme Bearer, whatever the sources are. The caller frees
 * it. NULL if there is none.
 */
char *request_bearer(const struct request *r);

/* By allowed-origins. */
bool request_origin_allowed(const struct request *r, const struct http_options *options);

/*
 * True if the request comes from a page of this server's own origin. True too if it comes from no
 * browser.
 *
 * A browser says by Sec-Fetch-Site whose page it is, and no page can change that (Fetch Metadata).
 * Without it Origin is compared with Host, which a proxy may have changed.
 */
bool request_from_own_origin(const struct request *r);

/*
 * The same, or from a page of an allowed origin. Browsers send cookies with requests of any page.
 * So whatever changes something because of a cookie must ask here (RFC 6265 8.2).
 *
 * A request with a Bearer token needs no check: a page of another origin can have it sent only
 * after a preflight.
 */
bool request_from_own_page(const struct request *r, const struct http_options *options);

/*
 * True if the page that asks came over https. Only the page's origin tells, for a proxy in front of
 * us has ended TLS. Browsers send it with every request that is no GET or HEAD.
 */
bool request_from_https(const struct request *r);

/*
 * Duplicates the library's socket. -1 if it cannot. A library that gets no answer closes its own
 * descriptor and frees its connection. It does not shut the connection down (MHD_USE_TURBO), so the
 * duplicate lives on.
 */
int request_take_socket(const struct request *r);

#endif
