/* SPDX-License-Identifier: PostgreSQL */
/*
 * entitlement.h: may this identity open this stream, and which of its events may it see? The
 * decision uses the stream's require and match, the claims, the request's parameters, and what the
 * database has said. All of them are in memory. Pure.
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
	ENTITLEMENT_BAD_PARAM, /* match asks for a parameter that is missing, *ret_param */
};

/* What the database has said of a stream to this identity (herald.asked), as JSON texts. Borrowed.
 * NULL: there is nothing of the kind. */
struct entitlement_said {
	const char *listed; /* {"<key>": ["<value>", ...]}: what functions of match list */
	const char *typed;  /* the same: the given values as the routing columns write them */
};

/* How the decision came about. `pgherald explain` asks for it, the gate does not. */
struct entitlement_findings {
	/* One alternative of require, which is met, or fails by this claim. Owned texts. */
	struct entitlement_alternative {
		bool met;
		/* NULL if it is met; value is also NULL if the token has no such claim */
		char *claim, *value, *allowed;
	} *alternatives; /* up to the first that is met */
	size_t count;
	const char *missing; /* the parameter that match lacks; borrowed; NULL if none */
	bool required;       /* require is met, or is not asked for */
	bool empty;          /* a key of match has no value */
	bool too_many;       /* more routing keys than WANTED_VALUES_MAX */
};

void entitlement_findings_release(struct entitlement_findings *f);

/*
 * True if the claims meet `require`, which is one object or an array of alternatives
 * (herald.stream). The alternatives are noted in `findings`, unless it is NULL.
 */
bool entitlement_requires(const char *require, struct json_object *claims,
			  const struct params *params, struct entitlement_findings *findings);

/*
 * Decides. If the result is ENTITLED, *ret_wanted says what may be seen. The caller releases
 * *ret_wanted in any case. *ret_param is set only with ENTITLEMENT_BAD_PARAM, and is borrowed from
 * `def`.
 *
 * said is NULL as long as nobody has asked. Then the values that functions list are not there yet,
 * and that is no reason to refuse. A function that lists nothing is none either.
 */
MUST_CHECK enum entitlement entitlement_decide(const struct stream_def *def,
					       const struct identity *id,
					       const struct params *params,
					       const struct entitlement_said *said,
					       struct wanted *ret_wanted, const char **ret_param);

/*
 * Makes the same decision by the same steps, and notes what each step found. The caller releases
 * *ret_wanted and *ret_findings in any case.
 */
MUST_CHECK enum entitlement
entitlement_explain(const struct stream_def *def, const struct identity *id,
		    const struct params *params, const struct entitlement_said *said,
		    struct wanted *ret_wanted, struct entitlement_findings *ret_findings);

/*
 * Returns those of the values that only the database can compare, as {"<key>": ["<value>", ...]}.
 * The caller frees the text. NULL if there are none. A GUID in small letters is as uuid writes it,
 * so nobody need be asked.
 */
char *entitlement_given(const struct stream_def *def, const struct wanted *w);

#endif
