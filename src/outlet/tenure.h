/* SPDX-License-Identifier: PostgreSQL */
/*
 * tenure.h: how long an open stream may go on: what the database tells every gate
 * (herald.tell_gate) of revoked tokens, changed entitlements and renewed tokens, applied to the
 * streams that are open here.
 */
#ifndef OUTLET_TENURE_H
#define OUTLET_TENURE_H

#include "hub/event.h"
#include "outlet/outlets.h"

/* Is this change for the gates, and for no subscriber? */
bool tenure_concerns(const struct event *event);

/* Applies it. True: revocations have changed in a way that it does not say; they are to be read
 * anew. */
bool tenure_hear(struct outlets *set, const struct event *event);

/* All revocations, one row after the other; what was known before counts until all have come. */
void tenure_take_revocation(struct outlets *set, struct text row);
void tenure_took_revocations(struct outlets *set);

/* The keys are others now: streams whose key is gone end. */
void tenure_keys_changed(struct outlets *set);

enum renewal { RENEWAL_DONE, RENEWAL_ELSEWHERE, RENEWAL_REFUSED };

/* The stream with this code goes on with this identity's token. ELSEWHERE: there is none here.
 * REFUSED: the token is of somebody else, or gives other rights: the stream keeps its own end. */
enum renewal tenure_renew(struct outlets *set, const char *code, const struct identity *id);

#endif
