/* SPDX-License-Identifier: PostgreSQL */
/*
 * renew.h: POST /stream/renew with a new token and {"stream": CODE}: the open stream that was told
 * this code, in its `expiring` event, goes on until the new token ends. 200
 * {"success":true,"expires_in"} where the stream is of this instance; else the others are told
 * through the log: 202 {"success":true}, and the stream knows by not being closed.
 */
#ifndef HTTP_RENEW_H
#define HTTP_RENEW_H

#include "http/gate.h"
#include "http/request.h"

bool renew_post(struct gate *gate, const struct request *r);

#endif
