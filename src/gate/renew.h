/* SPDX-License-Identifier: PostgreSQL */
/*
 * renew.h: answers POST /stream/renew.
 *
 * The request has a new token and {"stream": CODE}. The code is from the `expiring` event of an
 * open connection. That connection goes on until the new token ends.
 *
 * If the connection is of this instance, the answer is 200 {"success":true,"expires_in"}. Otherwise
 * the other instances are told through the log, and the answer is 202 {"success":true}. Then a
 * client knows that it worked if its connection is not closed.
 */
#ifndef GATE_RENEW_H
#define GATE_RENEW_H

#include "http/request.h"
#include "gate/gate.h"

/* True if the request is answered. False if its socket has been taken over. */
bool renew_post(struct gate *gate, const struct request *r);

#endif
