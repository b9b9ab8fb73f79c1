/* SPDX-License-Identifier: PostgreSQL */
/* roster.h: streams and open connections of this process, as JSON. Nothing of a token is in it. */
#ifndef CONSOLE_ROSTER_H
#define CONSOLE_ROSTER_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "outlet/outlets.h"

/* Appends each definition, with what goes through it. `events` counts from its definition on. */
void roster_append_streams(const struct outlets *outlets, struct buf *out);

/*
 * Appends up to `most` connections, the oldest first, and how many there are. Times are
 * milliseconds of the monotonic clock.
 */
void roster_append_connections(const struct outlets *outlets, int64_t now_ms, size_t most,
			       struct buf *out);

#endif
