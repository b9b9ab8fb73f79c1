/* SPDX-License-Identifier: PostgreSQL */
/*
 * page.h: the JSON page of a connection, for clients that poll.
 *
 * It is {"events":[…],"cursor":"…","reset":null}. A page is an outlet whose lines are gathered
 * instead of sent. Its rights, tenure, prelude, catching up and log are those of every connection.
 * Its outlet owns it.
 *
 * A page ends itself in one of two cases:
 *
 *   - it has PAGE_EVENTS or PAGE_BYTES;
 *   - everything there is has been looked at, and there is no reason to wait for more.
 *
 * There is no reason to wait in any of these cases:
 *
 *   - it has an event;
 *   - it has waited as long as its client wished;
 *   - its client has ended its side of the connection;
 *   - no cursor was given;
 *   - there was a reset.
 *
 * The cursor is that of the last event that has an id. If everything there is has been looked at,
 * it is the head, as a new connection would be told. A state (prelude.h) is always whole and may be
 * large. It is sent as it comes. A page can be refused until it has begun to be sent. After that it
 * can only be cut off.
 */
#ifndef OUTLET_PAGE_H
#define OUTLET_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "outlet/gatherer.h"

#define PAGE_EVENTS 1000
#define PAGE_BYTES ((size_t)1 << 20)
#define PAGE_WAIT_MAX_S 55 /* seconds; proxies like to give up at 60 */
/* After that it waits for the database this long, and is then answered 503. */
#define PAGE_DATABASE_MS 10000
#define PAGE_TAKE_MS 30000 /* the client has this long to read it */

struct outlet;

/*
 * Reads a number of seconds, as in "20", as milliseconds, at most PAGE_WAIT_MAX_S. False if it is
 * no whole number of seconds.
 */
MUST_CHECK bool page_parse_wait(struct text seconds, int *ret_ms);

/*
 * Makes the gatherer of this connection. It waits wait_ms milliseconds for events, or not at all
 * with 0. `cors` is header lines, or NULL, and is copied.
 */
struct gatherer *page_new(struct outlet *o, int wait_ms, const char *cors);

#endif
