/* SPDX-License-Identifier: PostgreSQL */
/*
 * admission.h: the checks of a stream's gate that need no request at hand any more: they are made
 * at once, and again when the database has answered, for the world may have changed meanwhile.
 */
#ifndef HTTP_ADMISSION_H
#define HTTP_ADMISSION_H

#include <stdbool.h>

#include "base/base.h"
#include "hub/wanted.h"
#include "http/identity.h"
#include "http/outlets.h"

/* Why not, as an HTTP answer. */
struct refusal {
	unsigned status;
	char sentence[320];
	const char *header, *value; /* one more header, or NULL */
};

/* The one answer for every fault of a token: which it was is nobody's business but the log's.
 * had_one: a token was brought. */
void refusal_of_token(struct refusal *ret_refusal, bool had_one);
void refusal_bad_request(struct refusal *ret_refusal, const char *sentence);
void refusal_too_many(struct refusal *ret_refusal, const char *sentence);
void refusal_not_found(struct refusal *ret_refusal);
/* 403: not allowed to do it, as in "open this stream" */
void refusal_forbidden(struct refusal *ret_refusal, const char *deed);
void refusal_of_page(struct refusal *ret_refusal); /* 403: of an origin that may not */
void refusal_of_method(struct refusal *ret_refusal, const char *sentence, const char *methods);
/* 503: the database cannot be asked, or there is no room */
void refusal_for_now(struct refusal *ret_refusal);
/* which has failed: that, or 400 where it always will */
void refusal_of_question(struct refusal *ret_refusal, const struct question *q);

/* Not revoked, and verified by a key that is still ours? */
MUST_CHECK bool admission_still_valid(const struct outlets *set, const char *jti, const char *sub,
				      int64_t issued_ms, uint64_t key_mark);

/* Is there room for one more stream of this user (NULL: not known, or anonymous), at this address?
 */
MUST_CHECK bool admission_room(const struct outlets *set, const char *user, const char *address,
			       struct refusal *ret_refusal);

/* May this identity have this stream, and is there room? True: *ret_wanted is what it may see; the
 * caller releases that in any case. */
MUST_CHECK bool admission_decide(struct outlets *set, const struct stream *s,
				 const struct identity *id, const struct params *params,
				 const char *address, struct wanted *ret_wanted,
				 struct refusal *ret_refusal);

#endif
