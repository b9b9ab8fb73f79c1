/* SPDX-License-Identifier: PostgreSQL */
/*
 * message.h: what libpq says, as one line.
 *
 * libpq has a line for each host and each way that was tried, and any of them may matter. The
 * server's details follow its sentence. The lines are joined by "; ". Lines that begin with a tab
 * are left out, because they are advice for somebody else.
 */
#ifndef PG_MESSAGE_H
#define PG_MESSAGE_H

#include "base/buf.h"

/* Appends message to line, which may have text already. */
void message_append(struct buf *line, const char *message);

#endif
