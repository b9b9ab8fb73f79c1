/* SPDX-License-Identifier: PostgreSQL */
/*
 * outlet.h: one open stream: a socket that was taken over from the HTTP library, and the subscriber
 * behind it.
 *
 *   CATCHING   Its snapshot, or pages of what it missed, are read from the database and sent.
 *              Nothing live goes out yet.
 *   LIVE       It has a position in the shared log. It is sent to when it is touched, or when its
 *              socket has room again.
 *   CLOSING    Its last frame goes out, then the socket is closed.
 *   CLOSED     The socket is closed. Memory stays until outlets_reap, at the end of the turn.
 *
 * What goes out, in this order: the rest of a frame that has begun, then `out` (head, control
 * events, pages), then the log. Nothing here waits: a socket that takes no more is left alone until
 * epoll says it does. One that has taken nothing for OUTLET_STALL_MS, or whose place the log has
 * forgotten, is closed as slow: its client comes back with Last-Event-ID and has missed nothing.
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
#define OUTLET_LINGER_MS 3000        /* how long the last frame may take */
#define OUTLET_UNSENT_MAX (64 << 10) /* bytes that wait in the kernel for a slow reader */

enum outlet_state { OUTLET_CATCHING, OUTLET_LIVE, OUTLET_CLOSING, OUTLET_CLOSED };

struct outlets;

/* How the client wants to have it. */
struct outlet_delivery {
	enum frame_form form;
	bool page;   /* gathered in a JSON page (page.h), of lines */
	int wait_ms; /* how long a page may wait for events */
};

struct outlet {
	struct watch watch;
	struct list link; /* of outlets: open, then closed */
	struct outlets *set;
	enum outlet_state state;
	struct subscriber sub;
	struct catchup catchup;
	bool bare; /* HTTP/1.0 */
	/* of a stream with gzip: frames of the log count when they begin, all else when it is
	 * appended */
	struct gzip_total total;
	struct page *page;           /* owned; NULL: a stream */
	struct prelude *prelude;     /* CATCHING: while the stream's snapshot is sent; NULL else */
	struct selection *selection; /* owned */
	enum frame_format format;    /* of what the server says by itself */
	struct buf out;
	size_t out_sent;
	bool fault;   /* an event could not be sealed: it is closed at its next flush */
	bool blocked; /* the socket takes no more for now */
	/* CATCHING: the page has been read, the next thing follows when it is sent */
	bool page_over;
	bool page_last;
	struct holder holder;
	struct list user_link;   /* of those of the same user */
	struct recheck *recheck; /* while authorize is being asked again; NULL else */
	/* by which it can be renewed, once it was told that it expires; NULL before */
	char *code;
	char *address;
	uint64_t number; /* of the connection, for the log */
	int64_t opened_ms;
	uint64_t bytes;     /* sent */
	const char *reason; /* why it ends, a word of census.h; NULL: its client wants it */
	struct heartbeat heartbeat;
	struct timer end; /* of the token; before that: when to say that it comes */
};

/* How it is written. */
struct wire outlet_wire(struct outlet *o);

/* Sends what there is for it, as far as the socket takes it. */
void outlet_flush(struct outlet *o);

/* A `closing` event with this reason (NULL: none, the socket is of no use), then the end. Harmless
 * twice. */
void outlet_close(struct outlet *o, const char *reason);

/* The end, at once and without a word; why is for the log. */
void outlet_drop(struct outlet *o, const char *why);

/* What goes out already is the last of it; it may take so long. */
void outlet_end(struct outlet *o, int linger_ms);

/* Appends an event of the application to what goes out. at as in frame.h. */
void outlet_append(struct outlet *o, const struct cursor *at, struct text name, struct text data);

/* The same as events of one of its streams are written. */
void outlet_append_as(struct outlet *o, const struct stream_def *def, const struct cursor *at,
		      struct text name, struct text data);

/* Goes on until another token ends. The holder is taken over. */
void outlet_renew(struct outlet *o, struct holder *holder);

/* Its socket has room, or its client has gone. */
void outlet_ready(struct watch *w, uint32_t events);

/* It has not taken in time what it was to take. */
void outlet_give_up(struct outlet *o);

void outlet_ping(struct outlet *o);

/* Its token ends in so long: with the code by which it can be renewed. */
void outlet_say_expiring(struct outlet *o, int64_t left_ms);

void outlet_free(struct outlet *o); /* CLOSED */

#endif
