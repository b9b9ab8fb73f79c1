/* SPDX-License-Identifier: PostgreSQL */
/* ping.h: what is sent after silence, so that nobody takes a connection for dead. */
#ifndef OUTLET_PING_H
#define OUTLET_PING_H

#include <stdbool.h>

#include "outlet/control.h"

struct outlets;

/*
 * Appends a ping. As an event it says where the log's head is, and how late this instance reads it
 * in milliseconds.
 */
void ping_append(const struct outlets *set, struct buf *out, struct wire wire, bool as_event);

#endif
