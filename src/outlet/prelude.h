/* SPDX-License-Identifier: PostgreSQL */
/*
 * prelude.h: what a connection to a stream with a snapshot function is sent first.
 *
 * First comes the state, with a `snapshot` event for each item. Then comes `ready`. Then come the
 * changes that the state did not have yet. After that it is like any other connection.
 *
 * The state is that of one snapshot S of the database. Ticks are cut elsewhere. Tick `since` is the
 * last one that S sees whole. Of some later ticks it sees some transactions. Tick `end` is the
 * first one up to which all of these transactions have been told. So the changes after `since` up
 * to `end` are read from the database without those transactions. After `end` the connection joins
 * the log.
 *
 *   ASKED     The snapshot waits for a connection, or its transaction begins.
 *   COVERING  The database is asked which tick is `end`, if S sees more than `since`.
 *   WAITING   It waits until the log has been read up to `end` here. Nothing may be shown that is
 *             newer than a revocation not yet heard of.
 *   ITEMS     The items come a portion at a time, each when the socket has taken the last one.
 *   CHANGES   The changes up to `end` are read.
 *
 * Nothing has an id before the end of the prelude. A cursor inside it could not say what the state
 * had. A client that is cut off there comes back without one and gets a whole snapshot. If there is
 * no change in between, `ready` has the id of `end`. Otherwise the last of these changes has it,
 * and `ready` has none.
 *
 * If the prelude fails, the connection is closed with a reason:
 *
 *   - `failed` if the function fails, or `end` does not come within PRELUDE_LOG_MS;
 *   - `slow` if the items take longer than PRELUDE_MOST_MS.
 */
#ifndef OUTLET_PRELUDE_H
#define OUTLET_PRELUDE_H

#define PRELUDE_LOG_MS 30000 /* for `end` to be read here */
/* For the items to be sent. They hold a transaction of the database. */
#define PRELUDE_MOST_MS 120000

struct outlet;
struct outlets;

void prelude_start(struct outlet *o); /* starts from the beginning, and the outlet is in PRELUDE */
void prelude_renew(struct outlet *o); /* the outlet has another holder; harmless in any phase */

/* The log has been read further. Preludes that waited for that go on. */
void prelude_reached(struct outlets *set);

#endif
