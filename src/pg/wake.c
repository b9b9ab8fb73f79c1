/* SPDX-License-Identifier: PostgreSQL */
#include "pg/wake.h"

#include <string.h>

#include "base/base.h"

static const char *const names[] = {"adaptive", "always", "never"};

bool wake_parse(const char *name, enum wake_mode *ret_mode)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_mode = (enum wake_mode)i;
			return true;
		}
	}
	return false;
}

const char *wake_name(enum wake_mode mode)
{
	return names[mode];
}

void wake_init(struct wake *w, enum wake_mode mode)
{
	*w = (struct wake){.mode = mode, .doze_ms = WAKE_LOOK_MS};
}

/* The average of the last eight or so. */
static void note(int64_t *average, int64_t us)
{
	*average = *average == 0 ? us : *average + (us - *average) / 8;
	if (*average < 1)
		*average = 1;
}

void wake_took(struct wake *w, bool found, int64_t us)
{
	note(found ? &w->find_us : &w->empty_us, us);
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

int wake_bells(const struct wake *w)
{
	int64_t share_us = WAKE_BELLS_MS * 10 * WAKE_RING_PERCENT;
	int64_t commit_us = within(w->find_us - w->empty_us, 1, share_us);

	if (w->find_us == 0 || w->empty_us == 0)
		return WAKE_BELLS;
	return (int)within(share_us / commit_us, WAKE_BELLS_LEAST, WAKE_BELLS_MOST);
}

/* While it is awake. The wait counts from when the last look began. */
static int look_ms(const struct wake *w)
{
	int64_t look_us = w->empty_us > w->find_us ? w->empty_us : w->find_us;

	if (look_us == 0)
		return WAKE_LOOK_MS;
	return (int)within((look_us * 100 / WAKE_LOOK_PERCENT + 999) / 1000, 1, WAKE_LOOK_MS);
}

bool wake_on_bell(struct wake *w, int64_t now_ms)
{
	if (now_ms - w->bells_since_ms > WAKE_BELLS_MS) {
		w->bells_since_ms = now_ms;
		w->bells = w->changes = 0;
	}
	w->bells++;
	/* What rang is read a little later. But some may ring for nothing. */
	if (w->changes * 2 < wake_bells(w) || w->changes * 4 < w->bells)
		return false;
	return w->bells >= wake_bells(w) && w->mode == WAKE_ADAPTIVE && w->mood != WAKE_AWAKE;
}

void wake_on_change(struct wake *w)
{
	w->changes++;
}

int wake_ration_wait_ms(const struct wake_ration *r, int64_t now_ms)
{
	int64_t wait = r->paid_ms - now_ms - (int64_t)(WAKE_VAIN_MOST - 1) * WAKE_VAIN_MS;

	return wait < 0 ? 0 : (int)wait;
}

void wake_ration_use(struct wake_ration *r, int64_t now_ms, bool found)
{
	int64_t from = r->paid_ms > now_ms ? r->paid_ms : now_ms;

	r->paid_ms = found ? from - WAKE_VAIN_MS / 2 : from + WAKE_VAIN_MS;
}

bool wake_on_look(struct wake *w, int64_t now_ms, bool found)
{
	bool quiet;

	if (w->mood != WAKE_AWAKE)
		return false;
	w->finds += found;
	if (now_ms - w->finds_since_ms < WAKE_QUIET_MS)
		return false;
	quiet = w->finds < wake_bells(w);
	w->finds_since_ms = now_ms;
	w->finds = 0;
	return quiet;
}

void wake_rise(struct wake *w, int64_t now_ms)
{
	w->mood = WAKE_AWAKE;
	w->finds_since_ms = now_ms;
	w->finds = 0;
}

void wake_doze(struct wake *w)
{
	w->mood = WAKE_DOZING;
	w->doze_ms = WAKE_LOOK_MS;
}

void wake_sleep(struct wake *w)
{
	w->mood = WAKE_ASLEEP;
	w->bells = w->changes = 0;
}

int wake_next_look_ms(struct wake *w, bool found)
{
	int wait = w->doze_ms;

	if (w->mood == WAKE_AWAKE || (w->mode == WAKE_NEVER && found))
		return look_ms(w);
	if (w->mood != WAKE_DOZING)
		return -1;
	w->doze_ms = wait * 2 > WAKE_DOZE_MAX_MS ? WAKE_DOZE_MAX_MS : wait * 2;
	return wait;
}
