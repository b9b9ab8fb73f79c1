/* SPDX-License-Identifier: PostgreSQL */
/*
 * outlet.h: one open connection.
 *
 * It is a socket that was taken over from the HTTP library, with its subscriber. It is in one phase
 * at a time, and outlet_enter alone changes the phase:
 *
 *      PRELUDE --> CATCHING --> LIVE --> CLOSING --> CLOSED
 *
 *   PRELUDE    A snapshot is read from the database and sent (prelude.h).
 *   CATCHING   Pages of what it missed are read from the database and sent (catching.h).
 *   LIVE       It has a position in the shared log. It is sent to when it is touched, or when its
 *              socket has room again. Before that nothing live goes out. A recheck may hold it
 *              where it is (recheck.h).
 *   CLOSING    Its last frame goes out, then the socket is closed.
 *   CLOSED     The socket is closed. Memory stays until outlets_reap, at the end of the turn.
 *
 * A connection begins in one of the first three. A reset leads from each of these to PRELUDE if its
 * stream has a snapshot, and to LIVE otherwise. Each of them may be cut short by CLOSING, and each
 * phase by CLOSED.
 *
 * Bytes go out in this order:
 *
 *   1. the rest of a frame that has begun;
 *   2. `out`, with head, control events and pages;
 *   3. the log.
 *
 * Nothing here waits. A socket that takes no more is left alone until epoll says that it does
 * again. The outlet closes a connection as slow in two cases:
 *
 *   - its socket has taken nothing for OUTLET_STALL_MS;
 *   - the log has forgotten its place.
 *
 * The client comes back with Last-Event-ID and has missed nothing.
 */
#ifndef OUTLET_OUTLET_H
#define OUTLET_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "hub/router.h"
#include "outlet/control.h"
#include "outlet/gatherer.h"
#include "outlet/heartbeat.h"
#include "outlet/holder.h"
#include "outlet/selection.h"

#define OUTLET_STALL_MS 10000
#define OUTLET_LINGER_MS 3000 /* for the last frame to go out */
/* Bytes that may wait in the kernel for a slow reader. */
#define OUTLET_UNSENT_MAX (64 << 10)

struct outlet;
struct outlets;

enum outlet_state { OUTLET_PRELUDE, OUTLET_CATCHING, OUTLET_LIVE, OUTLET_CLOSING, OUTLET_CLOSED };

/* A phase, as the module defines it that works in it. */
struct phase {
	enum outlet_state state;
	/* All that was appended has been sent. NULL if the phase does nothing then. */
	void (*drained)(struct outlet *o);
	/* The phase is over: nothing of it calls back any more. NULL if there is nothing to stop.
	 */
	void (*stop)(struct outlet *o);
};

extern const struct phase outlet_live;

/* What is under way for a connection beside its phase. It is stopped when the connection ends. */
struct errand {
	void (*stop)(struct outlet *o); /* frees it */
};

/* How the client wants its events. */
struct outlet_delivery {
	enum frame_form form;
	/* Gathered in a JSON page (page.h). Its form is lines. */
	bool page;
	int wait_ms; /* for how long a page may wait for events */
	/* A ping is an event, for clients that cannot see comments. */
	bool ping_event;
};

struct outlet {
	struct watch watch;
	struct list link; /* of outlets.open, then of outlets.closed */
	struct outlets *set;
	const struct phase *phase; /* changed by outlet_enter only */
	struct subscriber sub;
	/*
	 * With gzip, what was said so far. Frames of the log count when they begin. All else counts
	 * when it is appended.
	 */
	struct gzip_total total;
	struct gatherer *gatherer;   /* owned; NULL if its events are sent one by one */
	struct prelude *prelude;     /* owned; there in PRELUDE, NULL in all other phases */
	struct catching *catching;   /* owned; while pages are read or sent, NULL otherwise */
	struct selection *selection; /* owned */
	struct buf out;
	size_t out_sent;
	enum frame_format format; /* for what the server says by itself */
	bool bare;                /* HTTP/1.0 */
	bool ping_event;          /* as in its delivery */
	bool half_closed;         /* the client says no more, and may still read */
	bool fault;               /* an event could not be sealed; closed at the next flush */
	bool blocked;             /* the socket takes no more for now */
	/* Nothing of the log goes out until the recheck is over, but the rest of a frame. */
	bool held;
	struct holder holder;
	struct list user_link;  /* of the connections of the same user (quota.h) */
	struct errand *recheck; /* owned; while authorize is asked again, NULL otherwise */
	/* The code that renews it, once the client was told that its token expires. NULL before. */
	char *code;
	char *address;
	uint64_t number; /* of the connection, for the log */
	int64_t opened_ms;
	uint64_t bytes;     /* sent */
	const char *reason; /* a reason of census.h; NULL if its client ends it */
	struct heartbeat heartbeat;
	struct timer end; /* for the end of the token, or the notice before it */
};

/* Ends the phase that it is in, and begins the next one, which may be the same anew. */
void outlet_enter(struct outlet *o, const struct phase *next);

static inline bool outlet_is(const struct outlet *o, enum outlet_state state)
{
	return o->phase->state == state;
}

/* True if it is CLOSING or CLOSED: nothing may be appended any more. */
static inline bool outlet_is_ending(const struct outlet *o)
{
	return o->phase->state >= OUTLET_CLOSING;
}

/* True if it has a gatherer, and the head of its answer has been appended. */
bool outlet_has_begun_answer(const struct outlet *o);

/* How its bytes are written. */
struct wire outlet_wire(struct outlet *o);

/*
 * Sends what there is for it, as far as the socket takes it. One call sends about 512 KiB at most,
 * so that others have their turn.
 */
void outlet_flush(struct outlet *o);

/*
 * Appends a `closing` event with this reason, and sends it. Then the connection ends. With NULL,
 * the socket is of no use and is closed without it. A page whose head was sent, or a frame whose
 * rest the log has forgotten, is cut off instead. A second call is harmless.
 */
void outlet_close(struct outlet *o, const char *reason);
/* The same. With `renewable` the client is told that it may come back with another token. */
void outlet_close_for(struct outlet *o, const char *reason, bool renewable);

/* Ends the connection at once and without a word. `why` is for the log. */
void outlet_drop(struct outlet *o, const char *why);
/* The same, for a client that takes nothing. */
void outlet_drop_slow(struct outlet *o);

/* Nothing is appended any more. What is still to go out has linger_ms milliseconds. */
void outlet_end(struct outlet *o, int linger_ms);

/*
 * Appends an event of the application to what goes out. If `at` is NULL, it has no id (frame.h). An
 * event that cannot be sealed ends the connection with `fault`.
 */
void outlet_append(struct outlet *o, const struct cursor *at, struct text name, struct text data);

/* The same, written as the events of one of its streams are. */
void outlet_append_as(struct outlet *o, const struct stream_def *def, const struct cursor *at,
		      struct text name, struct text data);

/* To be called when its socket has room, or its client says something or has gone. */
void outlet_ready(struct watch *w, uint32_t events);

/*
 * To be called when its heartbeat is due. Sends a ping after silence. A client that has not taken
 * in time what it was to take is given up.
 */
void outlet_beat(struct timer *heartbeat);

void outlet_free(struct outlet *o); /* only in CLOSED */

#endif
