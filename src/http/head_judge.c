/* SPDX-License-Identifier: PostgreSQL */
/* head_judge.c: what is refused because of the method, the target or the body. */
#include "http/head.h"

#include <microhttpd.h>
#include <string.h>

#include "base/base.h"
#include "http/target.h"

static bool is_known_method(const char *method)
{
	static const char *const known[] = {"GET",   "HEAD",   "POST",   "PUT",
					    "PATCH", "DELETE", "OPTIONS"};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return false;
}

/*
 * Some proxies send a GET in chunks, although there are none. What comes is not read, and the
 * connection ends with the answer.
 */
static bool has_no_use_for_body(const char *method)
{
	return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
	       strcmp(method, "OPTIONS") == 0;
}

static void judge_body(struct head *h, const char *method, bool taken)
{
	if (h->chunked && !has_no_use_for_body(method))
		head_refuse(h, MHD_HTTP_LENGTH_REQUIRED,
			    "Say how long the body is, with Content-Length: chunked ones are not "
			    "taken");
	if (!taken && h->lengths > 0 && h->has_body)
		head_refuse(h, MHD_HTTP_BAD_REQUEST, "This request takes no body");
	if (h->length > HEAD_BODY_MAX)
		head_refuse(h, MHD_HTTP_CONTENT_TOO_LARGE, "The body is longer than 64 KB");
	if (h->length > 0 && h->packed)
		head_refuse(h, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, "The body must not be encoded");
	if (h->length > 0 && !h->is_json)
		head_refuse(h, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
			    "The body must be application/json in UTF-8");
	h->body_len = h->status == 0 ? (size_t)h->length : 0;
}

void head_judge(struct head *h, const char *method, const struct target *target, bool takes_body)
{
	if (!target->usable)
		head_refuse(h, MHD_HTTP_BAD_REQUEST,
			    "The request's target is not percent-encoded well");
	if (h->authorizations > 1 || target->tokens > 1)
		head_refuse(h, MHD_HTTP_BAD_REQUEST,
			    "The request brings more than one token in the same way");
	if (h->types > 1)
		head_refuse(h, MHD_HTTP_BAD_REQUEST, "The request has more than one Content-Type");
	if (!is_known_method(method))
		head_refuse(h, MHD_HTTP_NOT_IMPLEMENTED, "This method is not known");
	if (h->expects)
		head_refuse(h, MHD_HTTP_EXPECTATION_FAILED,
			    "Nothing but 100-continue can be expected here");
	judge_body(h, method, takes_body);
}
