/* SPDX-License-Identifier: PostgreSQL */
/*
 * httpd.h: an HTTP server: who comes through the door is looked at (visit.h) and handed to the
 * library, which parses and answers ordinary requests; streams are taken over from it by the gate.
 * A request whose head is not well (head.h), or that does not come in time, never gets to it.
 */
#ifndef HTTP_HTTPD_H
#define HTTP_HTTPD_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/loop.h"
#include "http/door.h"
#include "http/library.h"
#include "http/outlets.h"
#include "http/status.h"
#include "http/visit.h"

struct httpd {
	struct loop *loop;
	struct outlets *outlets; /* NULL: the admin port, which has no streams */
	const struct status *status;
	const struct http_options *options;
	struct library ordinary, roomy;
	struct visits visits;
	struct visit *entering; /* while it is handed to the library */
	struct door door;
};

void httpd_init(struct httpd *h, struct loop *loop, struct outlets *outlets,
		const struct status *status, const struct http_options *options);

/* Begins to answer who comes through the door, which is bound. False: logged. */
MUST_CHECK bool httpd_serve(struct httpd *h);
void httpd_quiesce(struct httpd *h); /* takes no new connections */
/* nobody who has said a whole head waits for an answer of the library */
bool httpd_is_idle(const struct httpd *h);
void httpd_release(struct httpd *h);

#endif
