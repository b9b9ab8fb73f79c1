/* SPDX-License-Identifier: PostgreSQL */
/*
 * wake.h: when the ticker sleeps and when it is awake. Asleep it waits for the doorbell, which
 * costs writers group commit; awake it looks every few milliseconds and writers need not ring.
 * Pure: time is an argument, milliseconds.
 *
 *   ASLEEP  Listens. WAKE_BELLS rings in WAKE_BELLS_MS, for changes that are there, lead to AWAKE.
 *   AWAKE   Holds the lock that tells writers so. Few finds in WAKE_QUIET_MS lead to DOZING.
 *   DOZING  Has given the lock up. Looks on until each writer that may have seen it has ended, then
 *           ASLEEP.
 *
 * Why none is forgotten on the way to sleep stands in sql/functions/ring.sql.
 *
 * Anybody in the database can ring, for nothing and as often as they like. So looks that find
 * nothing are rationed.
 */
#ifndef PG_WAKE_H
#define PG_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#define WAKE_BELLS 20 /* so many rings ... */
/* ... in so many milliseconds: 200 a second, where polling is cheaper for all */
#define WAKE_BELLS_MS 100
#define WAKE_LOOK_MS 5
#define WAKE_QUIET_MS 1000
#define WAKE_QUIET_FINDS 20  /* fewer finds than this in WAKE_QUIET_MS: back to the doorbell */
#define WAKE_DOZE_MAX_MS 100 /* while a writer stays open for long, look less often */

/* a look at a bell that finds nothing is paid for by so much time: 14 a second ... */
#define WAKE_VAIN_MS 70
#define WAKE_VAIN_MOST 20 /* ... and so many in advance. Two that find something earn one */

enum wake_mode { WAKE_ADAPTIVE, WAKE_ALWAYS, WAKE_NEVER };
enum wake_mood { WAKE_ASLEEP, WAKE_AWAKE, WAKE_DOZING };

struct wake {
	enum wake_mode mode;
	enum wake_mood mood;
	int64_t bells_since_ms, finds_since_ms;
	int bells, changes, finds;
	int doze_ms;
};

bool wake_parse(const char *name, enum wake_mode *ret_mode); /* adaptive, always, never */
const char *wake_name(enum wake_mode mode);

void wake_init(struct wake *w, enum wake_mode mode);

void wake_on_change(struct wake *w); /* one was read: somebody has rung for it, mostly */

/* The doorbell has rung: true when it rings so often that it is time to rise. */
bool wake_on_bell(struct wake *w, int64_t now_ms);

/* A look has found something or not: true when it is time to lie down. */
bool wake_on_look(struct wake *w, int64_t now_ms, bool found);

void wake_rise(struct wake *w, int64_t now_ms); /* the lock is held */
void wake_doze(struct wake *w);                 /* the lock is given up */
void wake_sleep(struct wake *w);                /* all writers have ended, or the session has */

/* What is rationed: looks at bells of one kind. All zero: none was vain yet. */
struct wake_ration {
	int64_t paid_ms; /* up to when the vain ones are paid for */
};

/* before the next look at a bell; 0: none */
int wake_ration_wait_ms(const struct wake_ration *r, int64_t now_ms);
void wake_ration_use(struct wake_ration *r, int64_t now_ms, bool found);

/* When to look next without being rung; -1: not at all (the safety poll apart). found: whether the
 * last look did. */
int wake_next_look_ms(struct wake *w, bool found);

#endif
