/* SPDX-License-Identifier: PostgreSQL */
/*
 * refusal.h: why a request is not let in, as an HTTP answer. Only this module decides which reason
 * has which status.
 */
#ifndef HTTP_REFUSAL_H
#define HTTP_REFUSAL_H

#include <stdbool.h>

#include "base/base.h"
#include "hub/question.h"

struct refusal {
	unsigned status;
	char sentence[320];
	const char *header, *value; /* one more header, or NULL */
};

/*
 * The one answer for every fault of a token. Only the log says which fault it was. A true had_one
 * means that the request had a token.
 */
void refusal_of_token(struct refusal *ret_refusal, bool had_one);
void refusal_bad_request(struct refusal *ret_refusal, const char *sentence);
void refusal_too_many(struct refusal *ret_refusal, const char *sentence);
void refusal_not_found(struct refusal *ret_refusal);
/* 403, for a deed such as "open this stream". */
void refusal_forbidden(struct refusal *ret_refusal, const char *deed);
void refusal_of_page(struct refusal *ret_refusal); /* 403, its origin may not */
void refusal_of_method(struct refusal *ret_refusal, const char *sentence, const char *methods);
/* 503, because the database cannot be asked, or there is no room. */
void refusal_for_now(struct refusal *ret_refusal);
/* The answer to a question that failed. 400 if it will always fail, else as refusal_for_now. */
void refusal_of_question(struct refusal *ret_refusal, const struct question *q);

/* 503, because as many streams are open as there may be. */
void refusal_full(struct refusal *ret_refusal);

/* Any other refusal, with a sentence in the form of printf. */
void refusal_set(struct refusal *ret_refusal, unsigned status, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif
