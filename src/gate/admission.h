/* SPDX-License-Identifier: PostgreSQL */
/*
 * admission.h: the checks of a stream that need no request at hand any more.
 *
 * They are made at once, and again when the database has answered. What they rest on may have
 * changed in between.
 */
#ifndef GATE_ADMISSION_H
#define GATE_ADMISSION_H

#include <stdbool.h>

#include "base/base.h"
#include "hub/wanted.h"
#include "auth/entitlement.h"
#include "http/refusal.h"
#include "gate/gate.h"

/*
 * Is there room for one more connection of this user at this address? A user of NULL is anonymous
 * or not known yet. False if there is none, and *ret_refusal is the answer.
 */
MUST_CHECK bool admission_room(struct gate *gate, const char *user, const char *address,
			       struct refusal *ret_refusal);

/*
 * May this identity have this stream, and is there room? said is what the database has said, NULL
 * if nobody has asked (entitlement_decide). If true, *ret_wanted is what it may see
 * and asks for. If false, *ret_refusal is the answer, 400, 401, 403, 429 or 503. The caller
 * releases *ret_wanted in any case.
 */
MUST_CHECK bool admission_decide(struct gate *gate, const struct stream *s,
				 const struct identity *id, const struct params *params,
				 const struct entitlement_said *said, const char *address,
				 struct wanted *ret_wanted, struct refusal *ret_refusal);

#endif
