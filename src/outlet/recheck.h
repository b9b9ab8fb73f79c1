/* SPDX-License-Identifier: PostgreSQL */
/*
 * recheck.h: asks the functions of an open connection's streams again.
 *
 * A "no", or a function that fails, ends the connection with `forbidden`. If a function of match
 * lists other values now, it ends with `changed`. No answer within RECHECK_MS ends it with `fault`,
 * and so does a failure that may pass. After the last two its client comes back, and waits at the
 * gate.
 *
 * A recheck stands in the log among the events. What comes after it may be of values that are
 * listed only now. A client that had got later events by then would never see those. So a
 * connection with such a function is held there until the answer comes. While it is catching up, it
 * ends at once with `changed`, for it is asked about when it comes back.
 *
 * recheck_start makes the recheck, and the outlet owns it. It is gone with its answer or its
 * outlet.
 */
#ifndef OUTLET_RECHECK_H
#define OUTLET_RECHECK_H

#include "outlet/outlet.h"

#define RECHECK_MS 4000

/*
 * Does nothing if no stream has a function to ask. If one is being asked already, it is asked
 * once more after its answer.
 */
void recheck_start(struct outlet *o);
void recheck_stop(struct outlet *o); /* harmless if none is being asked */

#endif
