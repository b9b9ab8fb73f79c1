/* SPDX-License-Identifier: PostgreSQL */
/*
 * catching.h: how a connection is sent what it has missed, until it joins the log.
 *
 * It is sent pages of what the database has. The next page is read when all of the last one has
 * been sent. One page ends where the log goes on.
 */
#ifndef OUTLET_CATCHING_H
#define OUTLET_CATCHING_H

#include <stdbool.h>
#include <stdint.h>

#include "hub/catchup.h"

struct outlet;
struct phase;

/* In CATCHING. A new outlet is in it before anything is read for it. */
extern const struct phase catching_phase;

/* The pages of one connection. An outlet owns it while they are read or sent. */
struct catching {
	struct catchup catchup;
	struct outlet *outlet;
	bool over; /* the page has been read; what follows it comes when it is sent */
	bool last; /* it was the last one: the connection joins the log next */
};

/* Reads what comes after the cursor, up to where the log is. The outlet is in this phase. */
void catching_start(struct outlet *o, struct cursor after);

/*
 * Everything up to the end of this tick has been appended. The connection joins the log when that
 * is sent.
 */
void catching_finish(struct outlet *o, int64_t tick);

/* It has a position in the log from now on, after this cursor. What came before is appended. */
void catching_join(struct outlet *o, struct cursor after);

/* --- for another phase that reads pages (prelude.h) --- */

/* What is read after the cursor. The caller may say who hears of it, and up to where. */
struct catchup *catching_aim(struct outlet *o, struct cursor after);
/* Asks for the first page, or the next one. */
void catching_ask(struct outlet *o);
/* The outlet whose catchup this is. */
struct outlet *catching_outlet(struct catchup *c);
/* Goes on if the page has been read. False if it has not. */
bool catching_drained(struct outlet *o);
/* Is catchup.ended for all ends but CATCHUP_ALL. */
void catching_page_ended(struct outlet *o, enum catchup_end end, const char *reason);
/* Nothing of the catchup calls back any more. Harmless if there is none. */
void catching_stop(struct outlet *o);

#endif
