/* SPDX-License-Identifier: PostgreSQL */
/*
 * waiter.h: a request that must wait before it can be answered: for the database, which is asked,
 * or for the key of its token.
 *
 * Its socket has been taken over from the HTTP library, like a connection's, so nothing waits.
 * libmicrohttpd 0.9.75 does not see the client of a suspended request leave, and does not stop well
 * with one. The answer is written by hand and ends the connection. A waiter is embedded in its
 * owner, which frees itself in `over`.
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

#define WAITER_MAX 5000 /* at a time; more are answered 503 at once */
/*
 * A waiter has this long for its answer. Then it is answered 503, unless its owner has `late`. A
 * client has as long to take more of the answer.
 */
#define WAITER_ANSWER_MS 10000

struct waiter {
	struct gate *gate;
	struct list link; /* of gate.waiters, then of gate.waiters_over */
	struct watch watch;
	struct timer timer;
	struct question question;
	bool bare; /* HTTP/1.0 */
	/*
	 * The client may still send when it is answered. Then a close could take the answer back.
	 */
	bool lingers;
	bool said; /* all of the answer has been sent */
	/*
	 * The subject whose right is being asked for, borrowed from the owner. NULL if it is a
	 * right that no subject has.
	 */
	const char *sub;
	/* What the coming answer rests on has changed since it was asked. */
	bool stale;
	bool asked;     /* it has been asked at least once */
	bool ended;     /* the client says no more */
	bool answered;  /* `out` is on its way, and then it ends */
	struct buf out; /* the answer */
	size_t out_sent;
	/* It was answered, or the client has left. Nothing more is called but over. */
	bool done;
	char *cors, *address;
	/* Keys of tokens came, or could not be had. NULL if it does not wait for any. */
	void (*keys_came)(struct waiter *w);
	/*
	 * The client says no more. It may be gone, and then bytes that are sent to it end the wait.
	 * With NULL, it is answered 503 unless the database works on its request.
	 */
	void (*half_closed)(struct waiter *w);
	/* The program ends soon. With NULL, it waits for its answer. */
	void (*leave)(struct waiter *w);
	/* The timer has run out. With NULL, it is answered 503. */
	void (*late)(struct waiter *w);
	void (*over)(struct waiter *w); /* frees its owner; called between turns only */
};

/*
 * Takes the request's socket. `late` may be NULL. False if it cannot, and *ret_refusal is the
 * answer, 503. Then nothing is to be released.
 */
MUST_CHECK bool waiter_init(struct waiter *w, struct gate *gate, const struct request *r,
			    void (*late)(struct waiter *w), void (*over)(struct waiter *w),
			    struct refusal *ret_refusal);

/* Asks the database. The owner has set the question's kind, params and answered. user is for whom
 * it is asked. It is not kept, and NULL if that is not known. */
void waiter_ask(struct waiter *w, const char *user);

/*
 * The rights of this subject, or of all if sub is NULL, may have changed since they were asked for.
 */
void waiter_doubt(struct gate *gate, const char *sub);

/* Answers, and then ends. The body of waiter_answer is JSON. A second answer is ignored. */
void waiter_reply(struct waiter *w, const struct reply *reply);
void waiter_answer(struct waiter *w, unsigned status, const char *body, const char *header,
		   const char *value);
void waiter_refuse(struct waiter *w, const struct refusal *refusal);
void waiter_drop(struct waiter *w); /* ends without a word */
/* Ends with these bytes, as the answer or the rest of it. */
void waiter_end(struct waiter *w, const struct buf *bytes);

/*
 * Sends bytes of an answer that is not over yet. If the socket does not take all at once, the
 * waiter is dropped.
 */
void waiter_send(struct waiter *w, const struct buf *bytes);

/* Gives its socket away to a connection, and ends. */
int waiter_give(struct waiter *w);

/*
 * The program ends soon. Requests that were to become connections leave. The others are answered,
 * because what they asked for may be done.
 */
void waiter_drain(struct gate *gate);
/* The program ends. Requests that are not answered yet are told so. */
void waiter_give_up(struct gate *gate);

/* Calls over for those that have ended, between turns only. */
void waiter_reap(struct gate *gate);

#endif
