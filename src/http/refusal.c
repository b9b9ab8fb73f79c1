/* SPDX-License-Identifier: PostgreSQL */
#include "http/codes.h"
#include "http/refusal.h"

#include <stdarg.h>
#include <stdio.h>

static void refuse(struct refusal *r, unsigned status, const char *header, const char *value,
		   const char *sentence)
{
	*r = (struct refusal){.status = status, .header = header, .value = value};
	snprintf(r->sentence, sizeof(r->sentence), "%s", sentence);
}

void refusal_set(struct refusal *r, unsigned status, const char *fmt, ...)
{
	va_list args;

	*r = (struct refusal){.status = status};
	va_start(args, fmt);
	vsnprintf(r->sentence, sizeof(r->sentence), fmt, args);
	va_end(args);
}

void refusal_of_token(struct refusal *ret_refusal, bool had_one)
{
	refuse(ret_refusal, HTTP_UNAUTHORIZED, "WWW-Authenticate",
	       had_one ? "Bearer error=\"invalid_token\"" : "Bearer",
	       "Not authorized, token failed");
}

void refusal_bad_request(struct refusal *ret_refusal, const char *sentence)
{
	refuse(ret_refusal, HTTP_BAD_REQUEST, NULL, NULL, sentence);
}

void refusal_too_many(struct refusal *ret_refusal, const char *sentence)
{
	refuse(ret_refusal, HTTP_TOO_MANY_REQUESTS, "Retry-After", "30", sentence);
}

void refusal_not_found(struct refusal *ret_refusal)
{
	refuse(ret_refusal, HTTP_NOT_FOUND, NULL, NULL, "There is no such stream");
}

void refusal_forbidden(struct refusal *ret_refusal, const char *deed)
{
	refusal_set(ret_refusal, HTTP_FORBIDDEN, "Not allowed to %s", deed);
}

void refusal_of_page(struct refusal *ret_refusal)
{
	refuse(ret_refusal, HTTP_FORBIDDEN, NULL, NULL,
	       "The page that asks is not of an allowed origin");
}

void refusal_of_method(struct refusal *ret_refusal, const char *sentence, const char *methods)
{
	refuse(ret_refusal, HTTP_METHOD_NOT_ALLOWED, "Allow", methods, sentence);
}

void refusal_for_now(struct refusal *ret_refusal)
{
	refuse(ret_refusal, HTTP_SERVICE_UNAVAILABLE, "Retry-After", "2",
	       "The database cannot be asked now, try again later");
}

void refusal_of_question(struct refusal *r, const struct question *q)
{
	if (q->unfit)
		refusal_bad_request(r, "The request has what the database cannot take, such as a "
				       "character that its encoding lacks");
	else
		refusal_for_now(r);
}

void refusal_full(struct refusal *ret_refusal)
{
	refuse(ret_refusal, HTTP_SERVICE_UNAVAILABLE, "Retry-After", "5",
	       "No stream is free, try again later");
}
