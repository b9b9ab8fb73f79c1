/* SPDX-License-Identifier: PostgreSQL */
/*
 * routes.h: which paths the server itself answers: a table for the public port, one for the admin
 * port. All other paths of the public port are streams and actions, as the database defines them,
 * and go to the gate.
 */
#ifndef GATE_ROUTES_H
#define GATE_ROUTES_H

#include "http/httpd.h"
#include "gate/gate.h"
#include "gate/status.h"

struct routes {            /* borrowed */
	struct gate *gate; /* NULL: the admin port, which has no streams */
	const struct status *status;
	const struct http_options *options;
};

/* For httpd_init; routes is their ctx, and outlives the server. */
struct httpd_calls routes_calls(struct routes *routes);

#endif
