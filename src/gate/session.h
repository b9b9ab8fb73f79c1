/* SPDX-License-Identifier: PostgreSQL */
/*
 * session.h: answers POST and DELETE of /stream/session.
 *
 * A page that shows a Bearer token gets the same token as a cookie, until the token ends. So an
 * EventSource, which can send no header, opens streams and comes back to them. DELETE has the
 * browser forget the cookie. The token itself is as good as before.
 *
 * Both are for pages of the daemon's own origin alone. A cookie gets no new cookie: otherwise a
 * browser that is left behind could go on asking.
 */
#ifndef GATE_SESSION_H
#define GATE_SESSION_H

#include "http/request.h"
#include "gate/gate.h"

/* Returns what reply_send does. */
bool session_answer(struct gate *gate, const struct request *r);

#endif
