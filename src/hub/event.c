/* SPDX-License-Identifier: PostgreSQL */
#include "hub/event.h"

#include <stdio.h>

struct text event_leave_out(size_t bytes, char *room)
{
	int len =
		snprintf(room, EVENT_LEFT_OUT_MAX, "{\"truncated\": true, \"bytes\": %zu}", bytes);

	return (struct text){room, (size_t)len};
}
