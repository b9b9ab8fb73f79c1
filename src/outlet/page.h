/* SPDX-License-Identifier: PostgreSQL */
/*
 * page.h: the JSON page of a stream: {"events":[…],"cursor":"…","reset":null}, for clients that
 * poll. It is an outlet whose lines are gathered instead of sent: rights, tenure, prelude, catching
 * up and the log are those of every stream. It ends itself:
 *
 *   - at once when it has PAGE_EVENTS or PAGE_BYTES, or has nothing to wait for: no cursor was
 *     given, or there was a reset;
 *   - when all there is has been looked at, and it has an event or has waited as long as its client
 *     wished.
 *
 * The cursor is that of the last event that has an id; where all there is has been looked at, the
 * head, as a new stream would be told. A state (prelude.h) is always whole, and may be large: it is
 * sent as it comes. Until a page has begun to be sent it can still be refused; after that it can
 * only be cut off. Owned by its outlet.
 */
#ifndef OUTLET_PAGE_H
#define OUTLET_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "hub/frame.h"

#define PAGE_EVENTS 1000
#define PAGE_BYTES ((size_t)1 << 20)
#define PAGE_WAIT_MAX_S 55     /* proxies like to give up at 60 */
#define PAGE_DATABASE_MS 10000 /* so long it waits for the database then; after that it is 503 */
#define PAGE_TAKE_MS 30000     /* so long may the client take to read it */

struct outlet;
struct opening;
struct page;

/* "20" as milliseconds, at most PAGE_WAIT_MAX_S. False: it is not a whole number of seconds. */
MUST_CHECK bool page_parse_wait(struct text seconds, int *ret_ms);

struct page *page_new(struct outlet *o, const struct opening *opening);
void page_stop(struct page *p); /* its timer; NULL is harmless, as in free */
void page_free(struct page *p);

/* --- what the outlet says goes here (control.c) --- */

void page_begin(struct page *p, const struct cursor *at); /* where it begins; NULL: not known */
void page_add(struct page *p, enum frame_format format, bool sealed, const struct cursor *at,
	      struct text name, struct text data);
/* what was gathered is void */
void page_reset(struct page *p, struct cursor at, const char *reason);
/* has not begun: the answer, as the stream is closed */
void page_close(struct page *p, struct buf *out, const char *reason);

/* --- for outlet.c --- */

bool page_has_begun(const struct page *p); /* its head has been appended */

/* Takes what the log has. False: no more for now. */
bool page_take(struct page *p);

/* Is there something to be sent, or the end? Appends it to what goes out. To be called whenever
 * something has changed. */
void page_settle(struct page *p);

#endif
