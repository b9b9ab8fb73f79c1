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

#include "hub/frame.h"

#define PAGE_EVENTS 1000
#define PAGE_BYTES ((size_t)1 << 20)
#define PAGE_WAIT_MAX_S 55 /* seconds; proxies like to give up at 60 */
/* After that it waits for the database this long, and is then answered 503. */
#define PAGE_DATABASE_MS 10000
#define PAGE_TAKE_MS 30000 /* the client has this long to read it */

struct outlet;
struct opening;
struct page;

/*
 * Reads a number of seconds, as in "20", as milliseconds, at most PAGE_WAIT_MAX_S. False if it is
 * no whole number of seconds.
 */
MUST_CHECK bool page_parse_wait(struct text seconds, int *ret_ms);

struct page *page_new(struct outlet *o, const struct opening *opening);
void page_stop(struct page *p); /* stops its timer; NULL is harmless, as in free */
void page_free(struct page *p);

/* --- what the outlet says goes here (control.c) --- */

/* Notes where it begins. NULL if that is not known. */
void page_begin(struct page *p, const struct cursor *at);
void page_add(struct page *p, enum frame_format format, bool sealed, const struct cursor *at,
	      struct text name, struct text data);
/* Throws away what was gathered. */
void page_reset(struct page *p, struct cursor at, const char *reason);
/* Appends the answer when the connection is closed for this reason. It must not have begun. */
void page_close(struct page *p, struct buf *out, const char *reason);

/* --- for outlet.c --- */

/* True if its head has been appended. */
bool page_has_begun(const struct page *p);

/* Takes what the log has. False if there is no more for now. */
bool page_take(struct page *p);

/*
 * Appends to `out` of the outlet what is to be sent now, or the end. To be called whenever
 * something has changed.
 */
void page_settle(struct page *p);

#endif
