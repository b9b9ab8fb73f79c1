/* SPDX-License-Identifier: PostgreSQL */
/*
 * tenure.h: how long an open connection may go on.
 *
 * The database tells every gate of revoked tokens, changed entitlements and renewed tokens
 * (herald.tell_gate). Here that is applied to the connections that are open in this process.
 */
#ifndef OUTLET_TENURE_H
#define OUTLET_TENURE_H

#include <stdbool.h>

#include "hub/event.h"

struct identity;
struct outlets;

/* Is this change for the gates, and not for subscribers? */
bool tenure_concerns(const struct event *event);

/*
 * Applies the change. True if the revocations must be read again, because the change does not say
 * which have gone.
 */
bool tenure_hear(struct outlets *set, const struct event *event);

/*
 * Take all revocations, one row after the other, and then their end. What was known before counts
 * until all have come. Then connections whose token is revoked end.
 */
void tenure_take_revocation(struct outlets *set, struct text row);
void tenure_took_revocations(struct outlets *set);

/* The keys have changed. Connections whose key is gone end, as `revoked`. */
void tenure_keys_changed(struct outlets *set);

enum renewal { RENEWAL_DONE, RENEWAL_ELSEWHERE, RENEWAL_REFUSED };

/*
 * Lets the connection with this code go on with the token of this identity. ELSEWHERE means that no
 * connection here has the code. REFUSED means that the token is of another user, does not count, or
 * gives other rights. Then the connection keeps its own end.
 */
enum renewal tenure_renew(struct outlets *set, const char *code, const struct identity *id);

#endif
