/* SPDX-License-Identifier: PostgreSQL */
/*
 * httpd.h: an HTTP server. Connections that come through the door are looked at (visit.h). The
 * server then hands them to the library, which parses requests and sends ordinary answers. The
 * caller decides what to answer. A request never gets to the library if its head is not well
 * (head.h) or comes too late.
 */
#ifndef HTTP_HTTPD_H
#define HTTP_HTTPD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"
#include "base/loop.h"
#include "http/door.h"
#include "http/library.h"
#include "http/request.h"
#include "http/visit.h"

struct httpd_calls {
	void (*arrived)(void *ctx); /* a head was read, whatever the answer is */
	/* The head is well. May this request have a body? */
	bool (*takes_body)(void *ctx, const struct request *r);
	/* The request was refused for its head, with this status. */
	void (*refused)(void *ctx, unsigned status);
	/*
	 * The request is whole. True if an answer is on its way. False if the socket has been taken
	 * over.
	 */
	bool (*answer)(void *ctx, const struct request *r);
	void *ctx;
};

struct httpd {
	struct loop *loop;
	const struct http_options *options;
	struct httpd_calls calls;
	struct library ordinary, roomy;
	struct visits visits;
	struct visit *entering; /* while it is handed to the library */
	struct door door;
};

/* `options` is borrowed. For `halves` see door_init. */
void httpd_init(struct httpd *h, struct loop *loop, const struct http_options *options,
		const struct httpd_calls *calls, size_t halves);

/*
 * Begins to answer connections that come through the door, which is bound. False if it cannot, and
 * the log says why.
 */
MUST_CHECK bool httpd_serve(struct httpd *h);
void httpd_quiesce(struct httpd *h); /* takes no new connections */
/* Are there connections whose request has not come yet? */
bool httpd_awaits_any(const struct httpd *h);
/* True if no client that has sent a whole head waits for an answer of the library. */
bool httpd_is_idle(const struct httpd *h);
void httpd_release(struct httpd *h);

const char *httpd_library(void); /* the version of the library that reads HTTP */

#endif
