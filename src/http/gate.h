/* SPDX-License-Identifier: PostgreSQL */
/*
 * gate.h: the one place where it is decided whether a request, whose head is well (head.h), becomes
 * a stream, in this order: path, method, token, entitlement, room. A request may ask for several
 * streams (multi.h): then that holds for each. What is refused is answered through the HTTP
 * library; what is let in is taken over, and so is what only the database can decide
 * (pending_open.h).
 */
#ifndef HTTP_GATE_H
#define HTTP_GATE_H

#include <microhttpd.h>

#include "http/outlets.h"
#include "http/request.h"

/* Answers the request. MHD_NO without an answer: the socket has been taken over, the library frees
 * what it had. */
enum MHD_Result gate_admit(struct outlets *outlets, const struct request *r);

#endif
