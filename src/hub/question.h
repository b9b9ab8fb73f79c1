/* SPDX-License-Identifier: PostgreSQL */
/*
 * question.h: something that only the database can say, asked without waiting.
 *
 * The owner of the question submits it. The inlet runs it on one of a few connections and calls
 * back. Neither knows the other.
 */
#ifndef HUB_QUESTION_H
#define HUB_QUESTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "hub/client.h"

#define QUESTION_PARAMS_MAX 4
#define QUESTION_VALUES_MAX 3

/* After each kind come its params -> the values of its answer. */
enum question_kind {
	/* path, claims, params, values to compare or NULL -> "true" or "false", what functions list
	 * or NULL, these values as the columns write them or NULL */
	QUESTION_ASKED,
	/* hash, identity, origin -> "true", or "false" if the subject has too many */
	QUESTION_TICKET,
	QUESTION_REDEEM, /* hash, origin -> the identity as JSON, or NULL */
	QUESTION_RENEW,  /* code, identity -> "" */
	/* method, path, request -> status, what to log or NULL, body as JSON or NULL */
	QUESTION_ACTION,
	QUESTION_SCHEMA, /* -> the contract of all streams, as JSON */
	/* tick, transaction ids -> the cursor up to which all are told; NULL if not yet */
	QUESTION_COVER,
	QUESTION_LOOK, /* a step of a look at what DDL has changed, or NULL -> the next step */
};

/* What came back. The texts are valid during the call that passes it. */
struct answer {
	/* The statement failed, or it is not known whether it was done. */
	bool failed;
	/* It failed for a cause that may pass, such as no time or no memory. The same question may
	 * be answered later. */
	bool passing;
	/* Each column has one text, or NULL for SQL's NULL. All are NULL if it has failed, or if no
	 * row came. */
	const char *values[QUESTION_VALUES_MAX];
};

struct question {
	struct list link;  /* of the inlet's queue, while it waits */
	struct lane *lane; /* the inlet's */
	int64_t asked_us;  /* when it was submitted; the inlet's */
	enum question_kind kind;
	struct client client; /* for whom it is asked; borrowed until it is submitted */
	/* Set if it failed because of its params, which the database cannot take. Asked again, it
	 * fails again. */
	bool unfit;
	/* Borrowed until the question is answered or cancelled. NULL is SQL's NULL. */
	const char *params[QUESTION_PARAMS_MAX];
	void (*answered)(struct question *q, const struct answer *a);
};

/* The inlet's door. A cancelled question is never called back. While the database is away, it
 * waits. */
struct question_ops {
	void (*submit)(void *ctx, struct question *q);
	void (*cancel)(void *ctx, struct question *q); /* harmless when not submitted */
	void *ctx;
};

#endif
