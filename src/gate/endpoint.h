/* SPDX-License-Identifier: PostgreSQL */
/*
 * endpoint.h: what /stream/ticket, /stream/renew and actions have in common: asked for by somebody
 * with a token, from a page that may.
 */
#ifndef GATE_ENDPOINT_H
#define GATE_ENDPOINT_H

#include "http/refusal.h"
#include "http/request.h"
#include "gate/gate.h"

/* Who asks, by cookie, header or query as configured. False: the reason is in the log, about this
 * path. */
MUST_CHECK bool endpoint_read_token(struct gate *gate, const struct request *r,
				    const struct params *query, const char *path,
				    struct identity *ret_id, struct refusal *ret_refusal);

/* The same, by cookie, header or query as configured; what a cookie says counts for pages that may
 * only. */
MUST_CHECK bool endpoint_identify(struct gate *gate, const struct request *r,
				  const struct params *query, struct identity *ret_id,
				  struct refusal *ret_refusal);

/* Answers, and counts it. */
bool endpoint_refuse(struct gate *gate, const struct request *r, const struct refusal *refusal);

/* Goes on for whom the token names. True: the request has been taken over; false: *ret_refusal is
 * the answer. */
typedef bool endpoint_fn(struct gate *gate, const struct request *r, const struct identity *id,
			 struct refusal *ret_refusal);

bool endpoint_post(struct gate *gate, const struct request *r, endpoint_fn *go_on);

#endif
