/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/tally.h"

#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "outlet/outlets.h"

/* --- the sum --- */

static void say(struct tally *t)
{
	int64_t seconds = (t->loop->now_ms - t->since_ms + 999) / 1000;
	struct buf ends;

	buf_init(&ends);
	census_append_closed(t->census, t->closed, &ends);
	log_info("[STREAM] within %" PRId64 " s %" PRIu64
		 " streams were opened; ended: %s; open now: %" PRIu64,
		 seconds, t->opened, ends.len == 0 ? "none" : ends.data, t->open);
	buf_release(&ends);
	memcpy(t->closed, t->census->closed, sizeof(t->closed));
	t->opened = 0;
	t->lines = 0;
}

static void on_minute(struct timer *timer)
{
	say(container_of(timer, struct tally, timer));
}

static void note(struct tally *t)
{
	if (timer_pending(&t->timer))
		return;
	t->since_ms = t->loop->now_ms;
	loop_set_timer(t->loop, &t->timer, TALLY_MS);
}

void tally_init(struct tally *t, struct loop *loop, const struct census *census)
{
	*t = (struct tally){.loop = loop, .census = census};
	timer_init(&t->timer, on_minute);
}

void tally_release(struct tally *t)
{
	if (timer_pending(&t->timer))
		say(t);
	loop_stop_timer(t->loop, &t->timer);
}

/* --- one connection --- */

/* Appends such as "'/a', '/b' by 'ann' from 127.0.0.1". */
static void append_whose(struct buf *out, const struct outlet *o)
{
	for (size_t i = 0; i < o->sub.part_count; i++)
		buf_appendf(out, "%s'%s'", i == 0 ? "" : ", ", o->sub.parts[i].stream->def.path);
	buf_appendf(out, " by '%s' from %s", o->holder.user == NULL ? "" : o->holder.user,
		    o->address);
}

void tally_opened(struct tally *t, const struct outlet *o)
{
	struct buf whose;

	t->opened++;
	t->open++;
	note(t);
	if (!log_enabled(LOG_DEBUG))
		return;
	buf_init(&whose);
	append_whose(&whose, o);
	log_debug("[STREAM %" PRIu64 "] opened: %s", o->number, whose.data);
	buf_release(&whose);
}

/* The others are what clients, restarts and tokens do every day. */
static bool is_remarkable(const struct outlet *o)
{
	static const char *const reasons[] = {"slow",   "revoked", "forbidden",
					      "failed", "fault",   "restored"};

	for (size_t i = 0; o->reason != NULL && i < ARRAY_SIZE(reasons); i++)
		if (strcmp(o->reason, reasons[i]) == 0)
			return true;
	return false;
}

void tally_closed(struct tally *t, const struct outlet *o, const char *why)
{
	bool is_info = is_remarkable(o) && t->lines < TALLY_LINES_MOST;
	struct buf whose;

	t->open--;
	t->lines += is_info;
	note(t);
	if (!is_info && !log_enabled(LOG_DEBUG))
		return;
	buf_init(&whose);
	append_whose(&whose, o);
	(is_info ? log_info : log_debug)(
		"[STREAM %" PRIu64 "] closed: %s, %" PRIu64 " bytes in %" PRId64 " s: %s",
		o->number, why, o->bytes, (t->loop->now_ms - o->opened_ms) / 1000, whose.data);
	buf_release(&whose);
}
