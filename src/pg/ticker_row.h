/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticker_row.h: one step of the ticker, as a row of the table in ticker_steps.c.
 *
 * Each row stands after the functions that it names. The rows of the log are in ticker_log.c, those
 * of the role in ticker_role.c, and the others in ticker_steps.c.
 */
#ifndef PG_TICKER_ROW_H
#define PG_TICKER_ROW_H

#include "pg/ticker.h"

#define STEP_PARAMS_MAX 4

/* The parameters of a statement. */
struct step_params {
	const char *values[STEP_PARAMS_MAX];
	char texts[STEP_PARAMS_MAX][24];
	int count;
};

void step_add_text(struct step_params *p, const char *text); /* borrowed; NULL for SQL's NULL */
void step_add_number(struct step_params *p, int64_t number);

struct ticker_row {
	const char *name; /* of the prepared statement */
	const char *sql;
	bool (*may)(const struct ticker *t); /* NULL if it may run whenever it is wished */
	/* Adds the parameters. NULL if there are none. */
	void (*ask)(struct ticker *t, struct step_params *p);
	/* Takes a row of the answer. NULL if a row says nothing. */
	void (*take)(struct ticker *t, const PGresult *res);
	/* After an answer without an error. NULL if nothing follows from it. */
	void (*conclude)(struct ticker *t);
	bool slow; /* it may have a whole log to throw away, or millions of rows to sort */
};

extern const struct ticker_row ticker_attach, ticker_head, ticker_read, ticker_pass_by, ticker_tick;
extern const struct ticker_row ticker_mode, ticker_listen, ticker_role, ticker_rise, ticker_doze,
	ticker_since, ticker_settled;

/* Begins the pause before the next look, if the ticker looks by itself. The pause counts from when
 * the last look began, because its commit may have taken long. */
void ticker_look_again(struct ticker *t);

/* ticker_take_bell begins a look for all that have rung this bell. ticker_pay says whether it has
 * found something. */
void ticker_take_bell(struct ticker *t, struct ticker_bell *b);
void ticker_pay(struct ticker *t, struct ticker_bell *b, bool found);

#endif
