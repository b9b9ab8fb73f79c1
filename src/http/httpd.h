/* SPDX-License-Identifier: PostgreSQL */
/*
 * httpd.h: the HTTP library at work inside our loop: its epoll is nested in ours, it has no thread of its own.
 * It parses and answers ordinary requests; door.h accepts, and streams are taken over from it by the gate. A request whose head is not well
 * (head.h), or that does not come in time (visit.h), never gets to it.
 */
#ifndef HTTP_HTTPD_H
#define HTTP_HTTPD_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/loop.h"
#include "http/door.h"
#include "http/outlets.h"
#include "http/status.h"
#include "http/visit.h"

struct httpd {
	struct loop *loop;
	struct outlets *outlets; /* NULL: the admin port, which has no streams */
	const struct status *status;
	const struct http_options *options;
	struct MHD_Daemon *daemon;
	struct visits visits;
	struct visit *entering; /* while it is handed to the library */
	struct door door;
	struct watch watch;
	struct timer timer; /* when the library wants to be called again */
};

void httpd_init(struct httpd *h, struct loop *loop, struct outlets *outlets, const struct status *status,
		const struct http_options *options);

/* Begins to answer who comes through the door, which is bound. False: logged. */
MUST_CHECK bool httpd_serve(struct httpd *h);
void httpd_quiesce(struct httpd *h);          /* takes no new connections */
bool httpd_is_idle(const struct httpd *h);    /* nobody who has said a whole head waits for an answer of the library */
void httpd_release(struct httpd *h);

#endif
