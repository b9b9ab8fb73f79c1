/* SPDX-License-Identifier: PostgreSQL */
#include "pg/complaints.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"

static void tell_untold(struct complaints *c)
{
	if (c->untold > 0)
		log_warn("[STREAM JOB] %" PRIu64
			 " more failures or warnings in queries of '%s' are not told, because %d "
			 "were told in this minute",
			 c->untold, c->name, c->told);
	c->told = 0;
	c->untold = 0;
}

static void on_minute(struct timer *t)
{
	tell_untold(container_of(t, struct complaints, minute));
}

void complaints_init(struct complaints *c, struct loop *loop, const char *name)
{
	*c = (struct complaints){.loop = loop, .name = name};
	timer_init(&c->minute, on_minute);
}

void complaints_stop(struct complaints *c)
{
	loop_stop_timer(c->loop, &c->minute);
	tell_untold(c);
}

void complaints_forget(struct complaints *c)
{
	memset(c->said, 0, sizeof(c->said));
}

static bool was_said(const struct complaints *c, uint64_t hash)
{
	for (size_t i = 0; i < ARRAY_SIZE(c->said); i++)
		if (c->said[i].hash == hash &&
		    c->loop->now_ms - c->said[i].at_ms < COMPLAINTS_MINUTE_MS)
			return true;
	return false;
}

/* Replaces the oldest. */
static void remember(struct complaints *c, uint64_t hash)
{
	struct complaint *oldest = &c->said[0];

	for (size_t i = 1; i < ARRAY_SIZE(c->said); i++)
		if (c->said[i].at_ms < oldest->at_ms)
			oldest = &c->said[i];
	*oldest = (struct complaint){hash, c->loop->now_ms};
}

static uint64_t hash_of(const char *text)
{
	return hash_bytes((struct hash_key){0}, text, strlen(text));
}

bool complaints_are_news(struct complaints *c, const char *text)
{
	uint64_t hash = hash_of(text);

	if (was_said(c, hash))
		return false;
	remember(c, hash);
	return true;
}

/* A text that is not told does not displace one that was. */
bool complaints_have_room(struct complaints *c, const char *text)
{
	uint64_t hash = hash_of(text);

	if (was_said(c, hash))
		return false;
	if (c->told == COMPLAINTS_A_MINUTE) {
		c->untold++;
		return false;
	}
	if (c->told++ == 0)
		loop_set_timer(c->loop, &c->minute, COMPLAINTS_MINUTE_MS);
	remember(c, hash);
	return true;
}
