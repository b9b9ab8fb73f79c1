/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/ping.h"

#include <inttypes.h>
#include <stdio.h>

#include "outlet/outlets.h"

void ping_append(const struct outlets *set, struct buf *out, struct wire wire, bool as_event)
{
	int64_t lag_ms = set->lag_ms == NULL ? 0 : set->lag_ms(set->lag_ctx);
	char head[CURSOR_TEXT_MAX], data[CURSOR_TEXT_MAX + 64];

	cursor_format(set->router->head, head);
	snprintf(data, sizeof(data), "{\"head\":\"%s\",\"lag_ms\":%" PRId64 "}", head, lag_ms);
	control_append_ping(out, wire, as_event ? data : NULL);
}
