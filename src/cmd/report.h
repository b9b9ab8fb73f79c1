/* SPDX-License-Identifier: PostgreSQL */
/*
 * report.h: what a command has found out, a line a check, and the one sentence that follows from
 * it; for people or as JSON. The first check that says no is the reason; where none does, the first
 * that could not be made.
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
	REPORT_NOTE,    /* nothing to check: to be known only */
	REPORT_WARNING, /* it works; somebody should look */
};

struct report {
	struct json_object *head;   /* members that stand before the checks in JSON; owned */
	struct json_object *checks; /* {"check", "about", "outcome", "says"}, perhaps "do"; owned */
	char *reason;               /* owned; NULL: nothing is against it */
	enum report_outcome verdict; /* REPORT_OK, REPORT_NO or REPORT_UNKNOWN */
};

void report_init(struct report *r);
void report_release(struct report *r);

/* One line. check: of one word; about: which of several of that name, NULL: there is one. */
void report_say(struct report *r, enum report_outcome outcome, const char *check, const char *about,
		const char *fmt, ...) PRINTF_LIKE(5, 6);
void report_vsay(struct report *r, enum report_outcome outcome, const char *check,
		 const char *about, const char *fmt, va_list args) PRINTF_LIKE(5, 0);

/* What to do about the line that was said last. */
void report_advise(struct report *r, const char *advice);

/* The outcome that is printed as this sign; REPORT_UNKNOWN for others. */
enum report_outcome report_outcome(const char *sign);

/* verdicts: the words for REPORT_OK, REPORT_NO and REPORT_UNKNOWN. To stdout. */
void report_print(const struct report *r, const char *const verdicts[3], bool json);

#endif
