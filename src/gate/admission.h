/* SPDX-License-Identifier: PostgreSQL */
/*
 * admission.h: the checks of a stream's gate that need no request at hand any more: they are made
 * at once, and again when the database has answered, for the world may have changed meanwhile.
 */
#ifndef GATE_ADMISSION_H
#define GATE_ADMISSION_H

#include <stdbool.h>

#include "base/base.h"
#include "hub/wanted.h"
#include "auth/identity.h"
#include "http/refusal.h"
#include "gate/gate.h"

/* Is there room for one more stream of this user (NULL: not known, or anonymous), at this address?
 */
MUST_CHECK bool admission_room(struct gate *gate, const char *user, const char *address,
			       struct refusal *ret_refusal);

/* May this identity have this stream, and is there room? True: *ret_wanted is what it may see; the
 * caller releases that in any case. */
MUST_CHECK bool admission_decide(struct gate *gate, const struct stream *s,
				 const struct identity *id, const struct params *params,
				 const char *address, struct wanted *ret_wanted,
				 struct refusal *ret_refusal);

#endif
