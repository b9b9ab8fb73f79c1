/* SPDX-License-Identifier: PostgreSQL */
/*
 * ticket.h: POST /stream/ticket: who shows a token gets a ticket, good for opening one stream
 * within 30 s, on any instance. A browser's EventSource can send no header, and what stands in a
 * URL is logged on its way: a ticket may be. The database keeps its hash, with the identity and the
 * page's origin, and gives it out once (herald.ticket, herald.redeem).
 */
#ifndef HTTP_TICKET_H
#define HTTP_TICKET_H

#include <stdbool.h>

#include "base/secret.h"
#include "http/gate.h"
#include "http/request.h"

#define TICKET_SECONDS 30
#define TICKET_HASH_MAX (2 * 32 + 1) /* SHA-256 in hexadecimal digits */

/* False: it has not the form of a ticket. */
bool ticket_hash(const char *ticket, size_t len, char ret_hash[TICKET_HASH_MAX]);

bool ticket_post(struct gate *gate, const struct request *r);

#endif
