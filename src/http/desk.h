/* SPDX-License-Identifier: PostgreSQL */
/*
 * desk.h: what /stream/ticket and /stream/renew have in common: POST by somebody with a token of their own, from a page that may.
 */
#ifndef HTTP_DESK_H
#define HTTP_DESK_H

#include <microhttpd.h>

#include "http/admission.h"
#include "http/outlets.h"
#include "http/request.h"

/* Goes on for whom the token names. True: the request has been taken over; false: *ret_refusal is the answer. */
typedef bool desk_fn(struct outlets *set, const struct request *r, const struct identity *id, struct refusal *ret_refusal);

enum MHD_Result desk_post(struct outlets *set, const struct request *r, desk_fn *go_on);

#endif
