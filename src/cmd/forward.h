/* SPDX-License-Identifier: PostgreSQL */
/*
 * forward.h: what the files of the command `forward` share. It reads pages of a stream, posts each
 * event to a server, and keeps in the database how far it has come:
 *
 *   forward.c        the command line, and the way of an event
 *   forward_page.c   asks the daemon for events
 *   forward_post.c   posts one event, until the receiver takes it or it is put aside
 *   forward_store.c  the cursor, and what was put aside
 *
 * An event is posted at least once. The next one is posted when it was taken. The cursor follows,
 * so after a crash up to FORWARD_SAVE_EVERY events are posted again.
 */
#ifndef CMD_FORWARD_H
#define CMD_FORWARD_H

#include <curl/curl.h>
#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"
#include "cli.h"

#define FORWARD_SAVE_EVERY 100
#define FORWARD_WAIT_S 30 /* for the first event of a page */

struct forward {
	struct cli_call *call;
	const char *stream;    /* its path */
	char *to;              /* URL of the receiver; owned */
	char *name;            /* owned */
	int attempts;          /* 0: for ever */
	unsigned char *secret; /* owned, wiped; NULL if nothing is signed */
	size_t secret_len;
	PGconn *pg;
	char *cursor;  /* as the database has it; owned; NULL: nothing yet */
	int64_t count; /* events that were taken since then */
	CURL *pages, *posts;
	/* The session is lost, and with it the lock: somebody else may have the forward by now. */
	bool lost;
	int64_t ends_ms; /* until then a post may take after a signal, monotonic; 0 before that */
	int result;      /* the exit status, once it stops */
};

/* True if nothing more is to be posted now: a signal came, it cannot go on, or the session is lost.
 */
bool forward_stops(const struct forward *f);
/* The same, but for a session that is lost. */
bool forward_ends(const struct forward *f);
/* It cannot go on. stderr has said why. */
void forward_stop(struct forward *f, int result);
/* Sleeps, but not on when the command is to stop. */
void forward_pause(const struct forward *f, int ms);
/* 1 s after the first attempt, twice as long after each, 60 s at most, and some luck. */
int forward_pause_ms(int attempt);

/* --- pages --- */

struct forward_event {
	struct text id; /* empty if the event has none */
	struct text name;
	struct text data; /* JSON as the daemon has sent it */
};

/*
 * Asks for the page after the cursor, and again until it comes. The caller releases *ret_body. The
 * members of the page are borrowed from it. False if the command stops.
 */
struct forward_page {
	struct buf body;
	struct text events; /* an array */
	struct text cursor; /* without its quotes */
	struct text reset;  /* why; empty if nothing was missed */
};
MUST_CHECK bool forward_page_get(struct forward *f, const char *after, struct forward_page *page);
/* The event that this item of the array is. */
struct forward_event forward_page_event(struct text item);

/* --- posting --- */

/* What is posted for an event: a CloudEvent in JSON (CloudEvents 1.0.2, its JSON format). */
void forward_post_body(const struct forward *f, const struct forward_event *e, struct buf *out);

/*
 * Posts the body until it is taken. True if it was taken. False if it is to be put aside, or the
 * command stops. `why` says the reason, and *ret_attempts how often it was posted.
 */
MUST_CHECK bool forward_post(struct forward *f, const char *id, const struct buf *body,
			     struct buf *why, int *ret_attempts);

/* Reads the key of the signatures. False if there is none, and stderr says why. */
MUST_CHECK bool forward_post_secret(struct forward *f, const char *path);

/* --- the database --- */

/*
 * Waits until no other process has this forward, and reads its cursor. A session that was lost is
 * made anew. False if the command stops.
 */
MUST_CHECK bool forward_store_begin(struct forward *f);
/* Has the server ended the session? To be called before each post. */
void forward_store_look(struct forward *f);
/* All up to this cursor was taken. */
void forward_store_move(struct forward *f, struct text cursor);
/* False if it could not be kept. */
MUST_CHECK bool forward_store_put_aside(struct forward *f, const char *id, const struct buf *body,
					const char *why, int attempts);
/* Calls post for each event that was put aside, and forgets those for which it returns true. */
void forward_store_again(struct forward *f,
			 bool (*post)(struct forward *f, const char *id, const struct buf *body));

#endif
