/* SPDX-License-Identifier: PostgreSQL */
#include "http/refusal_stats.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

static void on_second(struct timer *t)
{
	struct refusal_stats *r = container_of(t, struct refusal_stats, second);

	if (r->unsaid > 0)
		log_info("[STREAM] refused: %" PRIu64 " more requests within this second",
			 r->unsaid);
	r->lines = 0;
	r->unsaid = 0;
}

void refusal_stats_init(struct refusal_stats *r, struct loop *loop)
{
	*r = (struct refusal_stats){.loop = loop};
	timer_init(&r->second, on_second);
}

void refusal_stats_release(struct refusal_stats *r)
{
	loop_stop_timer(r->loop, &r->second);
}

static enum refusal_kind kind_of(unsigned status)
{
	switch (status) {
	case 401:
		return REFUSED_TOKEN;
	case 403:
		return REFUSED_FORBIDDEN;
	case 404:
	case 405:
	case 501:
		return REFUSED_PATH;
	case 429:
	case 503:
		return REFUSED_FULL;
	default:
		return REFUSED_FRAMING;
	}
}

void refusal_stats_count(struct refusal_stats *r, unsigned status)
{
	r->counts[kind_of(status)]++;
}

bool refusal_stats_say(struct refusal_stats *r)
{
	if (!timer_pending(&r->second))
		loop_set_timer(r->loop, &r->second, 1000);
	if (r->lines < REFUSAL_STATS_LINES) {
		r->lines++;
		return true;
	}
	r->unsaid++;
	return false;
}

void refusal_stats_log(struct refusal_stats *r, const char *fmt, ...)
{
	char line[500];
	va_list args;

	if (!refusal_stats_say(r))
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	log_info("%s", line);
}

const char *refusal_stats_name(enum refusal_kind kind)
{
	static const char *const names[] = {"framing", "path", "token", "forbidden", "full"};

	return names[kind];
}
