/* SPDX-License-Identifier: PostgreSQL */
/*
 * endpoint.h: what /stream/ticket, /stream/renew, /stream/session and actions have in common.
 *
 * A client with a token asks for them. A browser may ask only from an allowed page, unless the
 * method is GET.
 */
#ifndef GATE_ENDPOINT_H
#define GATE_ENDPOINT_H

#include "http/refusal.h"
#include "http/request.h"
#include "gate/gate.h"

/*
 * Reads and verifies the token of cookie, header or query, as configured. If false, *ret_refusal is
 * the answer, 401. The log says why, and names `path`. *ret_id comes in empty, and the caller
 * releases it in any case.
 *
 * If the token's key may still come, the answer is 503. A caller that can wait gets the token in
 * *ret_waits, and gives it to endpoint_forget_token. `ret_waits` is NULL if it cannot.
 */
MUST_CHECK bool endpoint_read_token(struct gate *gate, const struct request *r,
				    const struct params *query, const char *path,
				    struct identity *ret_id, char **ret_waits,
				    struct refusal *ret_refusal);

/* What became of a token, as far as it is known now. */
enum endpoint_token { ENDPOINT_TOKEN_GOOD, ENDPOINT_TOKEN_BAD, ENDPOINT_TOKEN_WAITS };

/* Verifies a token that came from this address. The log says why it is bad. */
enum endpoint_token endpoint_verify(struct gate *gate, const char *token, const char *path,
				    const char *address, struct identity *ret_id);

void endpoint_forget_token(char *token); /* wipes and frees it; NULL is harmless */

/*
 * The same, with two more checks. A browser's page must be allowed to ask, unless the method is
 * GET. The token must not be revoked. If false, *ret_refusal is the answer, 401 or 403.
 */
MUST_CHECK bool endpoint_identify(struct gate *gate, const struct request *r,
				  const struct params *query, struct identity *ret_id,
				  struct refusal *ret_refusal);

/*
 * Verifies this token of the request, which may be NULL. It must not be revoked either. For the
 * rest see endpoint_read_token.
 */
MUST_CHECK bool endpoint_accept(struct gate *gate, const struct request *r, const char *token,
				struct identity *ret_id, struct refusal *ret_refusal);

/* Logs that a page of this origin may not ask. */
void endpoint_log_page(struct gate *gate, const struct request *r);

/* Answers with the refusal, and counts it. Returns what reply_error does. */
bool endpoint_refuse(struct gate *gate, const struct request *r, const struct refusal *refusal);

/*
 * Goes on with the identity of the token. True if the request has been taken over. If false,
 * *ret_refusal is the answer.
 */
typedef bool endpoint_fn(struct gate *gate, const struct request *r, const struct identity *id,
			 struct refusal *ret_refusal);

/*
 * Answers a request for a path that is for POST only. It calls go_on if the client may ask. True if
 * the request is answered. False if its socket has been taken over.
 */
bool endpoint_post(struct gate *gate, const struct request *r, endpoint_fn *go_on);

#endif
