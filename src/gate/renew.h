/* SPDX-License-Identifier: PostgreSQL */
/*
 * renew.h: POST /stream/renew with a new token and {"stream": CODE}: the open stream that was told
 * this code, in its `expiring` event, goes on until the new token ends. 200
 * {"success":true,"expires_in"} where the stream is of this instance; else the others are told
 * through the log: 202 {"success":true}, and the stream knows by not being closed.
 */
#ifndef GATE_RENEW_H
#define GATE_RENEW_H

#include "http/request.h"
#include "gate/gate.h"

bool renew_post(struct gate *gate, const struct request *r);

#endif
