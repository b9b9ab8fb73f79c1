/* SPDX-License-Identifier: PostgreSQL */
/*
 * waiter.h: a request that the database has to be asked about before it can be answered. Its socket
 * has been taken over from the HTTP library, like a stream's, so nothing waits: libmicrohttpd
 * 0.9.75 neither sees the client of a suspended request leave nor stops well with one. The answer
 * is written by hand and ends the connection. Embedded in its owner, who frees itself in `over`.
 */
#ifndef GATE_WAITER_H
#define GATE_WAITER_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/loop.h"
#include "hub/question.h"
#include "http/refusal.h"
#include "http/reply.h"
#include "gate/gate.h"

#define WAITER_MAX 5000        /* at a time; more are answered 503 at once */
#define WAITER_ANSWER_MS 10000 /* then it is 503 */

struct waiter {
	struct gate *gate;
	struct list link; /* of the set's waiters */
	struct watch watch;
	struct timer timer;
	struct question question;
	bool bare; /* HTTP/1.0 */
	/* the client may still send when it is answered: a socket that is closed then may take the
	 * answer back */
	bool lingers;
	bool said;  /* all of the answer has gone */
	bool opens; /* a stream is to come of it */
	/* whose right is being asked for, borrowed from the owner; NULL: a right that no subject
	 * has */
	const char *sub;
	bool stale;     /* what the answer to come rests on has changed since it was asked */
	bool asked;     /* at least once */
	bool answered;  /* `out` is on its way, and then the end */
	struct buf out; /* the answer, as far as it has not gone */
	size_t out_sent;
	bool done; /* answered, or the client has left: nothing more is called but over */
	char *cors, *address;
	void (*late)(struct waiter *w); /* the timer; NULL: 503 */
	void (*over)(struct waiter *w); /* frees its owner; called between turns */
};

/* Takes the request's socket. False: it cannot, and the refusal says what to answer; nothing is to
 * be released then. */
MUST_CHECK bool waiter_init(struct waiter *w, struct gate *gate, const struct request *r,
			    void (*late)(struct waiter *w), void (*over)(struct waiter *w),
			    struct refusal *ret_refusal);

/* Asks; the question's kind, params and answered have been set. */
void waiter_ask(struct waiter *w);

/* The rights of this subject, NULL: of everybody, may be others than those that were asked for. */
void waiter_doubt(struct gate *gate, const char *sub);

/* Answers and ends. body: JSON. */
void waiter_reply(struct waiter *w, const struct reply *reply);
void waiter_answer(struct waiter *w, unsigned status, const char *body, const char *header,
		   const char *value);
void waiter_refuse(struct waiter *w, const struct refusal *refusal);
void waiter_drop(struct waiter *w); /* ends without a word */

/* Sends bytes of an answer in the making. */
void waiter_send(struct waiter *w, const struct buf *bytes);

/* Gives the socket away, to a stream; ends. */
int waiter_give(struct waiter *w);

/* The program ends soon. What was to be a stream is dropped: clients come back from that, but not
 * from a 503. The others are answered, for what they asked for may be done. */
void waiter_drain(struct gate *gate);
void waiter_give_up(struct gate *gate); /* the program ends: who is not answered yet is told so */

/* Calls over for those that have ended. Between turns only. */
void waiter_reap(struct gate *gate);

#endif
