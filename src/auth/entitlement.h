/* SPDX-License-Identifier: PostgreSQL */
/*
 * entitlement.h: may this identity open this stream, and which events of it may it see? Decided in
 * memory from the stream's require and match, the claims and the request's parameters. Pure.
 */
#ifndef AUTH_ENTITLEMENT_H
#define AUTH_ENTITLEMENT_H

#include <stdbool.h>

#include "base/base.h"
#include "hub/router.h"
#include "hub/wanted.h"
#include "auth/identity.h"

enum entitlement {
	ENTITLED,
	ENTITLEMENT_FORBIDDEN, /* the claims do not allow it */
	ENTITLEMENT_BAD_PARAM, /* a parameter that match asks for is missing: *ret_param */
};

/* How the decision came about, for who asks why (pgherald explain); the gate does not. */
struct entitlement_findings {
	/* One alternative of require: it is met, or this claim of it is not. Texts are JSON, owned.
	 */
	struct entitlement_alternative {
		bool met;
		/* NULL where it is met; value NULL: the token has no such claim */
		char *claim, *value, *allowed;
	} *alternatives; /* up to the first that is met */
	size_t count;
	const char *missing; /* borrowed: the parameter that match asks for */
	bool required;       /* require is met, or is not asked for */
	bool empty;          /* a key of match has no value */
	bool too_many;       /* more routing keys than WANTED_VALUES_MAX */
};

void entitlement_findings_release(struct entitlement_findings *f);

/*
 * Do the claims meet `require`, one object or an array of alternatives (herald.stream)? findings:
 * its alternatives are noted there; NULL: nobody asks.
 */
bool entitlement_requires(const char *require, struct json_object *claims,
			  const struct params *params, struct entitlement_findings *findings);

/* ENTITLED: *ret_wanted is what may be seen; the caller releases it in any case. */
MUST_CHECK enum entitlement entitlement_decide(const struct stream_def *def,
					       const struct identity *id,
					       const struct params *params,
					       struct wanted *ret_wanted, const char **ret_param);

/* The same decision, by the same steps, and what was found at each. The caller releases both in any
 * case. */
MUST_CHECK enum entitlement entitlement_explain(const struct stream_def *def,
						const struct identity *id,
						const struct params *params,
						struct wanted *ret_wanted,
						struct entitlement_findings *ret_findings);

#endif
