/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticket.h: POST /stream/ticket: who shows a token gets a ticket, good for opening one stream
 * within 30 s, on any instance. A browser's EventSource can send no header, and what stands in a
 * URL is logged on its way: a ticket may be. The database keeps its hash, with the identity and the
 * page's origin, and gives it out once (herald.ticket, herald.redeem).
 */
#ifndef GATE_TICKET_H
#define GATE_TICKET_H

#include <stdbool.h>

#include "auth/digest.h"
#include "http/request.h"
#include "gate/gate.h"

#define TICKET_SECONDS 30

/* False: it has not the form of a ticket. */
bool ticket_hash(const char *ticket, size_t len, char ret_hash[DIGEST_TEXT_MAX]);

bool ticket_post(struct gate *gate, const struct request *r);

#endif
