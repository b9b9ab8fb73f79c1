/* SPDX-License-Identifier: PostgreSQL */
/*
 * server_memory.c: gives memory back when many connections have come or gone.
 *
 * What an opening needs for a moment lies between what stays. The allocator keeps it for the next
 * opening: a fifth of the memory of 10,000 streams. To look for it takes a few milliseconds, so
 * that is done once, when it is quiet again.
 */
#include "base/xalloc.h"
#include "server_parts.h"

#define MOVES_MOST 256 /* comings and goings since the last time */
#define QUIET_MS 1000  /* without any */

static uint64_t moves(const struct server *s)
{
	return 2 * s->outlets.opened - s->outlets.quota.open;
}

static void on_quiet(struct timer *t)
{
	struct server *s = container_of(t, struct server, memory);

	if (s->moves_seen != moves(s)) {
		s->moves_seen = moves(s);
		loop_set_timer(&s->loop, t, QUIET_MS);
		return;
	}
	s->moves_done = s->moves_seen;
	xalloc_give_back();
}

void server_memory_init(struct server *s)
{
	timer_init(&s->memory, on_quiet);
}

void server_memory_look(struct server *s)
{
	if (moves(s) - s->moves_done < MOVES_MOST || timer_pending(&s->memory))
		return;
	s->moves_seen = moves(s);
	loop_set_timer(&s->loop, &s->memory, QUIET_MS);
}
