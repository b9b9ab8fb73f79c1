/* SPDX-License-Identifier: PostgreSQL */
/*
 * httpd.h: the HTTP library at work inside our loop: its epoll is nested in ours, it has no thread of its own.
 * It accepts, parses and answers ordinary requests; streams are taken over from it by the gate. A request whose head is not well
 * (head.h), or that does not come in time (visit.h), gets no further.
 */
#ifndef HTTP_HTTPD_H
#define HTTP_HTTPD_H

#include <microhttpd.h>
#include <stdbool.h>

#include "base/loop.h"
#include "http/outlets.h"
#include "http/status.h"
#include "http/visit.h"

#define HTTPD_CONNECTIONS 2048 /* ordinary ones at a time; streams do not count */

struct httpd {
	struct loop *loop;
	struct outlets *outlets; /* NULL: the admin port, which has no streams */
	const struct status *status;
	const struct http_options *options;
	struct MHD_Daemon *daemon;
	struct visits visits;
	int listen_fd; /* -1: none, or the library's */
	struct watch watch;
	struct timer timer; /* when the library wants to be called again */
};

void httpd_init(struct httpd *h, struct loop *loop, struct outlets *outlets, const struct status *status,
		const struct http_options *options);

/* Takes the address ("host:port", "[v6]:port", ":port"). False: logged. Connections wait until httpd_serve. */
MUST_CHECK bool httpd_bind(struct httpd *h, const char *address);
MUST_CHECK bool httpd_serve(struct httpd *h); /* begins to answer; false: logged */
void httpd_quiesce(struct httpd *h);          /* takes no new connections */
void httpd_release(struct httpd *h);

#endif
