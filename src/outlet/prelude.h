/* SPDX-License-Identifier: PostgreSQL */
/*
 * prelude.h: what a stream with a snapshot function says before it is like any other: the state, an
 * item a `snapshot` event, then `ready`, then the changes that the state did not have yet.
 *
 * The state is that of one snapshot S of the database, and ticks are cut elsewhere: tick `since` is
 * the last one that S sees, and of some later ones it sees some transactions. The first tick with
 * which all of these are told is `end`. So the changes behind `since` up to `end` are read from the
 * database without those transactions; behind `end` the stream joins the log.
 *
 *   ASKED     the snapshot waits for a connection, or its transaction begins
 *   COVERING  asks which tick is `end`, where S sees more than `since`
 *   WAITING   until the log has been read up to `end` here: nothing is shown that is newer than a
 *             revocation not yet heard of
 *   ITEMS     a portion at a time, the next one when the socket has taken the last
 *   CHANGES   those up to `end`
 *
 * No id before the end of the prelude: a cursor inside it cannot say what the state had, so a
 * client that is cut off there comes back without one and gets a whole snapshot. `ready` has the id
 * of `end` where no change stands between; else the last of these changes has it, and `ready` none.
 */
#ifndef OUTLET_PRELUDE_H
#define OUTLET_PRELUDE_H

#include <stdint.h>

#include "base/timers.h"
#include "outlet/outlets.h"

#define PRELUDE_LOG_MS 30000 /* how long `end` may take to come */
/* how long the items may: they hold a transaction of the database */
#define PRELUDE_MOST_MS 120000

struct prelude; /* owned by its outlet */

void prelude_start(struct outlet *o); /* from the beginning; the outlet is CATCHING then */
void prelude_stop(struct outlet *o);  /* harmless when there is none */
void prelude_renew(struct outlet *o); /* the outlet has another holder */
void prelude_sent(struct outlet *o);  /* all that was appended has gone */

/* One of the changes up to `end`, and their end. */
void prelude_change(struct outlet *o, const struct event *event);
void prelude_finish(struct outlet *o);

/* The log has been read further: who waited for that goes on. */
void prelude_reached(struct outlets *set);

#endif
