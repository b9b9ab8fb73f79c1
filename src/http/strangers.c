/* SPDX-License-Identifier: PostgreSQL */
#include "http/strangers.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "http/origin.h"

static bool is_due(const struct stranger *s, int64_t now_ms)
{
	return s->origin[0] == '\0' || now_ms - s->said_ms >= STRANGERS_EVERY_MS;
}

static bool is_it(const struct stranger *s, const char *origin)
{
	return strncmp(s->origin, origin, STRANGERS_TEXT_MAX - 1) == 0;
}

/* Its place, or one that is free, or one that has not been needed for longest. NULL if none is. */
static struct stranger *place_of(struct strangers *s, const char *origin, int64_t now_ms)
{
	struct stranger *best = NULL;

	for (size_t i = 0; i < STRANGERS_MOST; i++) {
		struct stranger *each = &s->known[i];

		if (each->origin[0] != '\0' && is_it(each, origin))
			return each;
		if (is_due(each, now_ms) &&
		    (best == NULL || each->origin[0] == '\0' ||
		     (best->origin[0] != '\0' && each->said_ms < best->said_ms)))
			best = each;
	}
	return best;
}

static void say(const char *origin, const char *path)
{
	char copy[ORIGIN_MAX + 2];
	bool can_be_allowed;

	snprintf(copy, sizeof(copy), "%s", origin);
	can_be_allowed = origin_normalise(copy) == NULL;
	log_info("[STREAM] a page of '%.*s' asks for '%.200s' and may not read the answer: %s",
		 STRANGERS_TEXT_MAX - 1, origin, path,
		 can_be_allowed ? "if it may, name that origin in allowed-origins"
				: "no such origin can be allowed, so serve the page by https");
}

void strangers_note(struct strangers *s, const char *origin, const char *path, int64_t now_ms)
{
	struct stranger *place = place_of(s, origin, now_ms);

	s->count++;
	if (place == NULL && is_due(&s->others, now_ms)) {
		s->others = (struct stranger){.origin = "*", .said_ms = now_ms};
		log_info("[STREAM] pages of more than %d other origins ask within a minute, and "
			 "may not read the answers: see allowed-origins",
			 STRANGERS_MOST);
	} else if (place != NULL && (!is_it(place, origin) || is_due(place, now_ms))) {
		snprintf(place->origin, sizeof(place->origin), "%s", origin);
		place->said_ms = now_ms;
		say(origin, path);
	}
}
