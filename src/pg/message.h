/* SPDX-License-Identifier: PostgreSQL */
/*
 * message.h: what libpq says, as one line. It has a line for each host and each way that was tried,
 * and the one that matters may be any of them; the server's details follow its sentence. They are
 * joined by "; ". Lines with a tab are advice for somebody else.
 */
#ifndef PG_MESSAGE_H
#define PG_MESSAGE_H

#include "base/buf.h"

void message_append(struct buf *line, const char *message);

#endif
