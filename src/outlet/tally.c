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
	log_record(LOG_INFO, "streams",
		   (struct log_field[]){{"seconds", NULL, seconds},
					{"opened", NULL, (int64_t)t->opened},
					{"ended", ends.len == 0 ? "none" : ends.data, 0},
					{"open", NULL, (int64_t)t->open}},
		   4,
		   "[STREAM] within %" PRId64 " s %" PRIu64
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

/* Appends such as "'/a', '/b'", or without quotes for a field. */
static void append_paths(struct buf *out, const struct outlet *o, const char *quote)
{
	for (size_t i = 0; i < o->sub.part_count; i++)
		buf_appendf(out, "%s%s%s%s", i == 0 ? "" : ", ", quote,
			    o->sub.parts[i].stream->def.path, quote);
}

/* A buffer that is empty has no text yet. */
static const char *said_by(const struct buf *b)
{
	return b->len == 0 ? "" : b->data;
}

static const char *user_of(const struct outlet *o)
{
	return o->holder.user == NULL ? "" : o->holder.user;
}

void tally_opened(struct tally *t, const struct outlet *o)
{
	struct buf said, paths;

	t->opened++;
	t->open++;
	note(t);
	if (!log_enabled(LOG_DEBUG))
		return;
	buf_init(&said);
	buf_init(&paths);
	append_paths(&said, o, "'");
	append_paths(&paths, o, "");
	log_record(LOG_DEBUG, "stream opened",
		   (struct log_field[]){{"number", NULL, (int64_t)o->number},
					{"path", said_by(&paths), 0},
					{"user", user_of(o), 0},
					{"address", o->address, 0}},
		   4, "[STREAM %" PRIu64 "] opened: %s by '%s' from %s", o->number, said_by(&said),
		   user_of(o), o->address);
	buf_release(&said);
	buf_release(&paths);
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

static void say_closed(const struct tally *t, const struct outlet *o, const char *why,
		       enum log_level level)
{
	int64_t age_ms = t->loop->now_ms - o->opened_ms;
	struct buf said, paths;

	buf_init(&said);
	buf_init(&paths);
	append_paths(&said, o, "'");
	append_paths(&paths, o, "");
	log_record(level, "stream closed",
		   (struct log_field[]){{"number", NULL, (int64_t)o->number},
					{"path", said_by(&paths), 0},
					{"user", user_of(o), 0},
					{"address", o->address, 0},
					{"reason", o->reason == NULL ? "client" : o->reason, 0},
					{"why", why, 0},
					{"bytes", NULL, (int64_t)o->bytes},
					{"ms", NULL, age_ms}},
		   8,
		   "[STREAM %" PRIu64 "] closed: %s, %" PRIu64 " bytes in %" PRId64
		   " s: %s by '%s' from %s",
		   o->number, why, o->bytes, age_ms / 1000, said_by(&said), user_of(o), o->address);
	buf_release(&said);
	buf_release(&paths);
}

void tally_closed(struct tally *t, const struct outlet *o, const char *why)
{
	bool is_info = is_remarkable(o) && t->lines < TALLY_LINES_MOST;

	t->open--;
	t->lines += is_info;
	note(t);
	if (is_info || log_enabled(LOG_DEBUG))
		say_closed(t, o, why, is_info ? LOG_INFO : LOG_DEBUG);
}
