/* SPDX-License-Identifier: PostgreSQL */
/*
 * guard.h: who may see the console.
 *
 * At a loopback address everybody on this machine may, as long as there is no token. A page of
 * another site must not get there by a name that it points at this machine (DNS rebinding). So the
 * request must name a loopback address, or localhost.
 *
 * At any other address, and wherever `admin-token-file` is given, the request must carry the token.
 * It is a Bearer token, or the password of HTTP's Basic scheme (RFC 6750 2.1, RFC 7617). A browser
 * asks for the latter by itself. The name of the user does not matter.
 */
#ifndef CONSOLE_GUARD_H
#define CONSOLE_GUARD_H

#include <stdbool.h>

#include "http/refusal.h"
#include "http/request.h"

/* The strings are borrowed from the configuration. */
struct guard {
	bool on;
	const char *addresses; /* where the console is; NULL if nowhere */
	const char *token;     /* NULL if there is none */
};

/* False if the request may not see the console. Then *ret_refusal is the answer. */
MUST_CHECK bool guard_admits(const struct guard *g, const struct request *r,
			     struct refusal *ret_refusal);

#endif
