/* SPDX-License-Identifier: PostgreSQL */
/*
 * wake.h: when the ticker sleeps and when it is awake.
 *
 * While it sleeps, it waits for the doorbell, which costs writers group commit. While it is awake,
 * it looks every few milliseconds, and writers need not ring. The module is pure. Time is an
 * argument, in milliseconds.
 *
 *   ASLEEP  Listens. Many rings in WAKE_BELLS_MS, for changes that are there, lead to AWAKE.
 *   AWAKE   Holds the lock that tells writers so. Few finds in WAKE_QUIET_MS lead to DOZING.
 *   DOZING  Has given the lock up. Goes on looking until each writer that may have seen it has
 *           ended. Then ASLEEP.
 *
 * How many rings are many depends on what a commit costs here, because commits that ring wait for
 * each other. The ticker's own looks tell: one that finds something commits, one that finds nothing
 * does not. What a look costs also says how often to look.
 *
 * sql/functions/ring.sql says why no writer is forgotten on the way to sleep.
 *
 * Anybody in the database can ring, at no cost and as often as they like. So looks that find
 * nothing are rationed.
 */
#ifndef PG_WAKE_H
#define PG_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#define WAKE_BELLS_MS 100
/* So many rings in that time are many, until the cost of a commit is known. */
#define WAKE_BELLS 20
/* Commits that ring may take this share of the time, in percent. More rings are many. */
#define WAKE_RING_PERCENT 20
#define WAKE_BELLS_LEAST 10
#define WAKE_BELLS_MOST 100
#define WAKE_LOOK_MS 5 /* the longest wait while it is awake, and that until the cost is known */
/* Looks may take this share of the time, in percent. */
#define WAKE_LOOK_PERCENT 25
#define WAKE_QUIET_MS 1000   /* fewer finds in this than wake_bells lead back to the doorbell */
#define WAKE_DOZE_MAX_MS 100 /* while a writer stays open for long, it looks less often */

/* A look at a bell that finds nothing costs this much time. That allows 14 a second. */
#define WAKE_VAIN_MS 70
/* This many are allowed in advance. Two looks that find something earn one. */
#define WAKE_VAIN_MOST 20

enum wake_mode { WAKE_ADAPTIVE, WAKE_ALWAYS, WAKE_NEVER };
enum wake_mood { WAKE_ASLEEP, WAKE_AWAKE, WAKE_DOZING };

struct wake {
	enum wake_mode mode;
	enum wake_mood mood;
	int64_t bells_since_ms, finds_since_ms;
	int bells, changes, finds;
	int doze_ms;
	/* What a look has cost of late, in microseconds. 0 until one of the kind was seen. */
	int64_t empty_us, find_us;
};

/* name is adaptive, always or never. False if it is another. */
bool wake_parse(const char *name, enum wake_mode *ret_mode);
const char *wake_name(enum wake_mode mode);

void wake_init(struct wake *w, enum wake_mode mode);

void wake_on_change(struct wake *w); /* A change was read. Mostly somebody has rung for it. */

/* The doorbell has rung. True if it rings so often that it is time to rise. */
bool wake_on_bell(struct wake *w, int64_t now_ms);

/* A look has taken so many microseconds, from the question to the answer. */
void wake_took(struct wake *w, bool found, int64_t us);

/* So many rings in WAKE_BELLS_MS are many. */
int wake_bells(const struct wake *w);

/* A look has found something or not. True if it is time to lie down. */
bool wake_on_look(struct wake *w, int64_t now_ms, bool found);

void wake_rise(struct wake *w, int64_t now_ms); /* the lock is held */
void wake_doze(struct wake *w);                 /* the lock is given up */
void wake_sleep(struct wake *w);                /* all writers have ended, or the session has */

/* Rations looks at bells of one kind. All zero means that none was vain yet. */
struct wake_ration {
	int64_t paid_ms; /* up to when the vain looks are paid for */
};

/* How long to wait before the next look at a bell. 0 if it may be now. */
int wake_ration_wait_ms(const struct wake_ration *r, int64_t now_ms);
void wake_ration_use(struct wake_ration *r, int64_t now_ms, bool found);

/* Returns when to look next without being rung. -1 means not at all, except for the safety poll.
 * found is whether the last look found something. */
int wake_next_look_ms(struct wake *w, bool found);

#endif
