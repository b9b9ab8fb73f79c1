/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticket.h: answers POST /stream/ticket.
 *
 * A client that shows a token gets a ticket. It opens one connection within TICKET_SECONDS, on any
 * instance. A browser's EventSource can send no header, and a URL is logged on its way. A ticket
 * may be logged.
 *
 * The database keeps the ticket's hash, with the identity and the page's origin. It gives these out
 * once (herald.ticket, herald.redeem).
 */
#ifndef GATE_TICKET_H
#define GATE_TICKET_H

#include <stdbool.h>

#include "auth/digest.h"
#include "http/request.h"
#include "gate/gate.h"

#define TICKET_SECONDS 30

/* Hashes a ticket. False if it has not the form of one. */
bool ticket_hash(const char *ticket, size_t len, char ret_hash[DIGEST_TEXT_MAX]);

/* True if the request is answered. False if its socket has been taken over. */
bool ticket_post(struct gate *gate, const struct request *r);

#endif
