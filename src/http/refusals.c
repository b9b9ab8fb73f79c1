/* SPDX-License-Identifier: PostgreSQL */
#include "http/refusals.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"

static void on_second(struct timer *t)
{
	struct refusals *r = container_of(t, struct refusals, second);

	if (r->unsaid > 0)
		log_info("[STREAM] refused: %" PRIu64 " more requests within this second",
			 r->unsaid);
	r->lines = 0;
	r->unsaid = 0;
}

void refusals_init(struct refusals *r, struct loop *loop)
{
	*r = (struct refusals){.loop = loop};
	timer_init(&r->second, on_second);
}

void refusals_release(struct refusals *r)
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

void refusals_count(struct refusals *r, unsigned status)
{
	r->counts[kind_of(status)]++;
}

bool refusals_say(struct refusals *r)
{
	if (!timer_pending(&r->second))
		loop_set_timer(r->loop, &r->second, 1000);
	if (r->lines < REFUSALS_LINES) {
		r->lines++;
		return true;
	}
	r->unsaid++;
	return false;
}

void refusals_log(struct refusals *r, const char *fmt, ...)
{
	char line[500];
	va_list args;

	if (!refusals_say(r))
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	log_info("%s", line);
}

const char *refusal_name(enum refusal_kind kind)
{
	static const char *const names[] = {"framing", "path", "token", "forbidden", "full"};

	return names[kind];
}
