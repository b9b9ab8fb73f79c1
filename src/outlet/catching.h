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

/*
 * A new outlet is in this phase, and nothing is read yet. catching_ask will read what comes after
 * the cursor, up to where the log is. The outlet's selection is set.
 */
void catching_init(struct outlet *o, struct cursor after);

/*
 * Everything up to the end of this tick has been appended. The connection joins the log when that
 * is sent.
 */
void catching_finish(struct outlet *o, int64_t tick);

/* It has a position in the log from now on, after this cursor. What came before is appended. */
void catching_join(struct outlet *o, struct cursor after);

/* Asks for the first page, or the next one, of o->catchup. */
void catching_ask(struct outlet *o);

/* --- for another phase that reads pages (prelude.h) --- */

/* Goes on if the page has been read. False if it has not. */
bool catching_drained(struct outlet *o);
/* Is catchup.ended for all ends but CATCHUP_ALL. */
void catching_page_ended(struct outlet *o, enum catchup_end end, const char *reason);
/* Nothing of the catchup calls back any more. */
void catching_stop(struct outlet *o);

#endif
