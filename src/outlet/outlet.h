/* SPDX-License-Identifier: PostgreSQL */
/*
 * outlet.h: one open connection.
 *
 * It is a socket that was taken over from the HTTP library, with its subscriber.
 *
 *   CATCHING   Its snapshot, or pages of what it missed, are read from the database and sent.
 *              Nothing live goes out yet.
 *   LIVE       It has a position in the shared log. It is sent to when it is touched, or when its
 *              socket has room again.
 *   CLOSING    Its last frame goes out, then the socket is closed.
 *   CLOSED     The socket is closed. Memory stays until outlets_reap, at the end of the turn.
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
#include "hub/catchup.h"
#include "hub/router.h"
#include "outlet/control.h"
#include "outlet/heartbeat.h"
#include "outlet/holder.h"
#include "outlet/selection.h"

#define OUTLET_STALL_MS 10000
#define OUTLET_LINGER_MS 3000 /* for the last frame to go out */
/* Bytes that may wait in the kernel for a slow reader. */
#define OUTLET_UNSENT_MAX (64 << 10)

enum outlet_state { OUTLET_CATCHING, OUTLET_LIVE, OUTLET_CLOSING, OUTLET_CLOSED };

struct outlets;

/* How the client wants its events. */
struct outlet_delivery {
	enum frame_form form;
	/* Gathered in a JSON page (page.h). Its form is lines. */
	bool page;
	int wait_ms; /* for how long a page may wait for events */
};

struct outlet {
	struct watch watch;
	struct list link; /* of outlets.open, then of outlets.closed */
	struct outlets *set;
	enum outlet_state state;
	struct subscriber sub;
	struct catchup catchup;
	bool bare; /* HTTP/1.0 */
	/*
	 * With gzip, what was said so far. Frames of the log count when they begin. All else counts
	 * when it is appended.
	 */
	struct gzip_total total;
	struct page *page; /* owned; NULL if it is no page */
	/* Owned. There while the snapshot is sent in CATCHING, NULL otherwise. */
	struct prelude *prelude;
	struct selection *selection; /* owned */
	enum frame_format format;    /* for what the server says by itself */
	struct buf out;
	size_t out_sent;
	bool fault;   /* an event could not be sealed; closed at the next flush */
	bool blocked; /* the socket takes no more for now */
	/* In CATCHING, the page has been read. What follows it comes when it is sent. */
	bool page_over;
	bool page_last; /* it was the last one: the connection joins the log next */
	struct holder holder;
	struct list user_link;   /* of the outlets of the same user */
	struct recheck *recheck; /* owned; while authorize is asked again, NULL otherwise */
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

/* Ends the connection at once and without a word. `why` is for the log. */
void outlet_drop(struct outlet *o, const char *why);

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

/* The connection goes on until another token ends. The outlet takes over what `holder` owns. */
void outlet_renew(struct outlet *o, struct holder *holder);

/* To be called when its socket has room, or its client says something or has gone. */
void outlet_ready(struct watch *w, uint32_t events);

/* The client has not taken in time what it was to take. */
void outlet_give_up(struct outlet *o);

/* Sends a ping, unless a frame has begun or it is a page. Then it only sends what there is. */
void outlet_ping(struct outlet *o);

/* Says that the token ends in left_ms milliseconds, with a new code for renewing it. */
void outlet_say_expiring(struct outlet *o, int64_t left_ms);

void outlet_free(struct outlet *o); /* only in CLOSED */

#endif
