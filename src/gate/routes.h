/* SPDX-License-Identifier: PostgreSQL */
/*
 * routes.h: the paths that the server itself answers.
 *
 * There is one table for the public port and one for the admin port. All other paths of the public
 * port are streams and actions, as the database defines them. They go to the gate.
 */
#ifndef GATE_ROUTES_H
#define GATE_ROUTES_H

#include "http/httpd.h"
#include "gate/gate.h"
#include "gate/status.h"

/* All is borrowed. */
struct routes {
	struct gate *gate; /* NULL for the admin port, which has no streams */
	const struct status *status;
	const struct http_options *options;
	/* Answers for the paths of the admin port that no table has. */
	struct httpd_calls more;
};

/* Makes the calls for httpd_init. `routes` is their ctx, so it must outlive the server. */
struct httpd_calls routes_calls(struct routes *routes);

#endif
