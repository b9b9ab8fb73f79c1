/* SPDX-License-Identifier: PostgreSQL */
/*
 * report.h: what a command has found out, for people or as JSON. There is a line for each check,
 * and one sentence that follows from them. The first check that says no is the reason. If none
 * does, it is the first that could not be made.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>

#include "base/base.h"

enum report_outcome {
	REPORT_OK,
	REPORT_NO,
	REPORT_UNKNOWN, /* it matters, and nobody can say */
	REPORT_NOTE,    /* nothing was checked; it is only good to know */
	REPORT_WARNING, /* it works, but somebody should look */
};

struct report {
	struct json_object *head; /* members that stand before the checks in JSON; owned */
	/* {"check", "about", "outcome", "says"}, perhaps "do"; owned */
	struct json_object *checks;
	char *reason;                /* owned; NULL if nothing is against it */
	enum report_outcome verdict; /* REPORT_OK, REPORT_NO or REPORT_UNKNOWN */
};

void report_init(struct report *r);
void report_release(struct report *r);

/*
 * Adds one line. `check` is one word. `about` says which of several with that name is meant, or is
 * NULL if there is one.
 */
void report_say(struct report *r, enum report_outcome outcome, const char *check, const char *about,
		const char *fmt, ...) PRINTF_LIKE(5, 6);
void report_vsay(struct report *r, enum report_outcome outcome, const char *check,
		 const char *about, const char *fmt, va_list args) PRINTF_LIKE(5, 0);

/* Adds to the last line what to do about it. */
void report_advise(struct report *r, const char *advice);

/* The outcome that is printed as this sign. REPORT_UNKNOWN for other signs. */
enum report_outcome report_outcome(const char *sign);

/* Prints to stdout. `verdicts` are the words for REPORT_OK, REPORT_NO and REPORT_UNKNOWN. */
void report_print(const struct report *r, const char *const verdicts[3], bool json);

#endif
