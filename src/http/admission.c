/* SPDX-License-Identifier: PostgreSQL */
#include "http/admission.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "http/entitlement.h"
#include "http/keyring.h"

static bool refuse(struct refusal *r, unsigned status, const char *header, const char *value,
		   const char *fmt, ...) PRINTF_LIKE(5, 6);
static bool refuse(struct refusal *r, unsigned status, const char *header, const char *value,
		   const char *fmt, ...)
{
	va_list args;

	*r = (struct refusal){.status = status, .header = header, .value = value};
	va_start(args, fmt);
	vsnprintf(r->sentence, sizeof(r->sentence), fmt, args);
	va_end(args);
	return false;
}

void refusal_of_token(struct refusal *ret_refusal, bool had_one)
{
	refuse(ret_refusal, MHD_HTTP_UNAUTHORIZED, "WWW-Authenticate",
	       had_one ? "Bearer error=\"invalid_token\"" : "Bearer",
	       "Not authorized, token failed");
}

void refusal_bad_request(struct refusal *ret_refusal, const char *sentence)
{
	refuse(ret_refusal, MHD_HTTP_BAD_REQUEST, NULL, NULL, "%s", sentence);
}

void refusal_too_many(struct refusal *ret_refusal, const char *sentence)
{
	refuse(ret_refusal, MHD_HTTP_TOO_MANY_REQUESTS, "Retry-After", "30", "%s", sentence);
}

void refusal_not_found(struct refusal *ret_refusal)
{
	refuse(ret_refusal, MHD_HTTP_NOT_FOUND, NULL, NULL, "There is no such stream");
}

void refusal_forbidden(struct refusal *ret_refusal, const char *deed)
{
	refuse(ret_refusal, MHD_HTTP_FORBIDDEN, NULL, NULL, "Not allowed to %s", deed);
}

void refusal_of_page(struct refusal *ret_refusal)
{
	refuse(ret_refusal, MHD_HTTP_FORBIDDEN, NULL, NULL,
	       "The page that asks is not of an allowed origin");
}

void refusal_of_method(struct refusal *ret_refusal, const char *sentence, const char *methods)
{
	refuse(ret_refusal, MHD_HTTP_METHOD_NOT_ALLOWED, "Allow", methods, "%s", sentence);
}

void refusal_for_now(struct refusal *ret_refusal)
{
	refuse(ret_refusal, MHD_HTTP_SERVICE_UNAVAILABLE, "Retry-After", "2",
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

bool admission_still_valid(const struct outlets *set, const char *jti, const char *sub,
			   int64_t issued_ms, uint64_t key_mark)
{
	return (key_mark == 0 || keyring_has(set->options->token.keys, key_mark)) &&
	       !revocations_have(&set->revocations, jti, sub, issued_ms, clock_wall_ms());
}

bool admission_room(const struct outlets *set, const char *user, const char *address,
		    struct refusal *r)
{
	switch (outlets_room(set, user, address)) {
	case OUTLETS_ROOM:
		return true;
	case OUTLETS_FULL:
		return refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "Retry-After", "5",
			      "No stream is free, try again later");
	case OUTLETS_USER_FULL:
		return refuse(r, MHD_HTTP_TOO_MANY_REQUESTS, "Retry-After", "30",
			      "Too many streams of this user");
	case OUTLETS_ADDRESS_FULL:
		break;
	}
	return refuse(r, MHD_HTTP_TOO_MANY_REQUESTS, "Retry-After", "30",
		      "Too many streams from this address");
}

/* `events=a,b` of the request: which of the stream's events it asks for. */
static bool narrow(const struct params *params, struct wanted *wanted, struct refusal *r)
{
	const struct text *names = params_find(params, "events");

	return names == NULL || wanted_narrow(wanted, *names) ||
	       refuse(r, MHD_HTTP_BAD_REQUEST, NULL, NULL,
		      "The parameter events names more than %d events", WANTED_NAMES_MAX);
}

static bool decide_right(struct outlets *set, const struct stream *s, const struct identity *id,
			 const struct params *params, struct wanted *ret_wanted, struct refusal *r)
{
	const char *param = NULL;

	switch (entitlement_decide(&s->def, id, params, ret_wanted, &param)) {
	case ENTITLED:
		return narrow(params, ret_wanted, r);
	case ENTITLEMENT_BAD_PARAM:
		return refuse(r, MHD_HTTP_BAD_REQUEST, NULL, NULL, "The parameter %.60s is missing",
			      param);
	case ENTITLEMENT_FORBIDDEN:
		break;
	}
	refusals_log(&set->refusals, "[STREAM] refused: '%s' may not open '%s'",
		     id->sub == NULL ? "" : id->sub, s->def.path);
	refusal_forbidden(r, "open this stream");
	return false;
}

bool admission_decide(struct outlets *set, const struct stream *s, const struct identity *id,
		      const struct params *params, const char *address, struct wanted *ret_wanted,
		      struct refusal *ret_refusal)
{
	*ret_wanted = (struct wanted){.count = 0};
	if (id->claims == NULL && !s->def.anonymous) { /* it was when they asked */
		refusal_of_token(ret_refusal, false);
		return false;
	}
	if (id->ends_ms <= clock_wall_ms() ||
	    !admission_still_valid(set, id->jti, id->sub, id->issued_ms, id->key_mark)) {
		refusals_log(&set->refusals,
			     "[STREAM] refused: a token of '%s' that was revoked, or has ended "
			     "while it waited, or of a key that was revoked",
			     id->sub == NULL ? "" : id->sub);
		refusal_of_token(ret_refusal, true);
		return false;
	}
	return decide_right(set, s, id, params, ret_wanted, ret_refusal) &&
	       admission_room(set, id->sub, address, ret_refusal);
}
