/* SPDX-License-Identifier: PostgreSQL */
/*
 * httpd.h: an HTTP server. Connections that come through the door are looked at (visit.h) and
 * handed to the library, which parses requests and sends ordinary answers. What is asked for is the
 * caller's matter. A request whose head is not well (head.h), or that does not come in time, never
 * gets to the library.
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
	void (*arrived)(void *ctx); /* a head was read, whatever it is answered */
	/* The head is well: may the request have a body? */
	bool (*takes_body)(void *ctx, const struct request *r);
	/* It was answered for the sake of its head, with this status. */
	void (*refused)(void *ctx, unsigned status);
	/* It is here whole. True: its answer is on its way; false: its socket has been taken over.
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

/* halves: as of door_init. */
void httpd_init(struct httpd *h, struct loop *loop, const struct http_options *options,
		const struct httpd_calls *calls, size_t halves);

/* Begins to answer who comes through the door, which is bound. False: logged. */
MUST_CHECK bool httpd_serve(struct httpd *h);
void httpd_quiesce(struct httpd *h); /* takes no new connections */
/* nobody who has said a whole head waits for an answer of the library */
bool httpd_is_idle(const struct httpd *h);
void httpd_release(struct httpd *h);

const char *httpd_library(void); /* the version of the library that reads HTTP */

#endif
