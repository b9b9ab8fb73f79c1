/* SPDX-License-Identifier: PostgreSQL */
/*
 * entitlement.h: may this identity open this stream, and which events of it may it see? Decided in memory from the
 * stream's require and match, the claims and the request's parameters. Pure.
 */
#ifndef HTTP_ENTITLEMENT_H
#define HTTP_ENTITLEMENT_H

#include <stdbool.h>

#include "base/base.h"
#include "hub/router.h"
#include "hub/wanted.h"
#include "http/identity.h"

enum entitlement {
	ENTITLED,
	ENTITLEMENT_FORBIDDEN, /* the claims do not allow it */
	ENTITLEMENT_BAD_PARAM, /* a parameter that match asks for is missing: *ret_param */
};

/* Do the claims meet `require`, one object or an array of alternatives (herald.stream)? */
bool entitlement_requires(const char *require, struct json_object *claims, const struct params *params);

/* ENTITLED: *ret_wanted is what may be seen; the caller releases it in any case. */
MUST_CHECK enum entitlement entitlement_decide(const struct stream_def *def, const struct identity *id,
					       const struct params *params, struct wanted *ret_wanted,
					       const char **ret_param);

#endif
