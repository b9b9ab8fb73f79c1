/* SPDX-License-Identifier: PostgreSQL */
#include "provider/provider.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/chance.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "provider/address.h"
#include "provider/discovery.h"

const char *provider_name(const struct provider *p)
{
	return p->issuer != NULL ? p->issuer : p->given;
}

static bool same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool provider_is(const struct provider *p, const struct provider_source *source)
{
	return same(p->issuer, source->issuer) && same(p->given, source->url);
}

/* --- fetching --- */

static const char *place(const struct provider *p)
{
	return p->given != NULL ? p->given : p->found;
}

static void begin(struct provider *p)
{
	char *document;

	p->asked_ms = p->loop->now_ms;
	p->fetches++;
	loop_stop_timer(p->loop, &p->timer);
	if (p->found != NULL && p->loop->now_ms - p->found_ms >= PROVIDER_FOUND_MS) {
		free(p->found);
		p->found = NULL;
	}
	p->discovers = place(p) == NULL;
	if (!p->discovers) {
		fetch_start(&p->fetch, place(p));
		return;
	}
	document = address_of_discovery(p->issuer);
	fetch_start(&p->fetch, document);
	free(document);
}

static void on_time(struct timer *t)
{
	begin(container_of(t, struct provider, timer));
}

bool provider_ask(struct provider *p)
{
	if (fetch_is_on(&p->fetch) || p->got_ms == 0)
		return true;
	if (p->loop->now_ms - p->asked_ms < PROVIDER_ASK_MS)
		return false;
	begin(p);
	return true;
}

/* --- what came of it --- */

/* Many instances must not ask in step. A set is fetched a little early, never late. */
static void fetch_later(struct provider *p, int64_t in_ms)
{
	loop_set_timer(p->loop, &p->timer, in_ms - chance_up_to((int)(in_ms / 10)));
}

static int64_t retry_ms(const struct provider *p)
{
	int64_t ms = PROVIDER_RETRY_MS;

	for (int i = 1; i < p->failing && ms < PROVIDER_RETRY_MOST_MS; i++)
		ms *= 2;
	return ms < PROVIDER_RETRY_MOST_MS ? ms : PROVIDER_RETRY_MOST_MS;
}

/* The first failure is logged, and each time that the reason is another one. */
static void fail(struct provider *p, const char *url, const char *why)
{
	char fault[sizeof(p->fault)];

	snprintf(fault, sizeof(fault), "'%.200s' %.290s", url, why);
	p->failing++;
	p->failures++;
	free(p->found);
	p->found = NULL;
	if (strcmp(fault, p->fault) != 0)
		log_warn("[KEYS] %s: %s", fault,
			 p->ring.count > 0 ? "the keys that it gave before stay in force"
					   : "it has given no keys yet, so its tokens wait");
	memcpy(p->fault, fault, sizeof(fault));
	fetch_later(p, retry_ms(p));
	p->concluded(p, false);
}

static int64_t fresh_ms(const struct provider *p)
{
	int64_t ms = p->fetch.max_age_s < 0 ? PROVIDER_FRESH_MS : p->fetch.max_age_s;

	if (p->fetch.max_age_s >= 0)
		ms = ms > PROVIDER_FRESH_MOST_MS / 1000 ? PROVIDER_FRESH_MOST_MS : ms * 1000;
	return ms < PROVIDER_FRESH_LEAST_MS ? PROVIDER_FRESH_LEAST_MS : ms;
}

static void take_ring(struct provider *p, struct keyring *fresh)
{
	bool changed = !keyring_equals(&p->ring, fresh);

	if (changed || p->failing > 0)
		log_info("[KEYS] '%s' gives %zu keys%s", provider_name(p), fresh->count,
			 !changed         ? ", the same as before"
			 : p->got_ms == 0 ? ""
					  : ", others than before");
	keyring_replace(&p->ring, fresh);
	p->got_ms = p->loop->now_ms;
	p->failing = 0;
	p->fault[0] = '\0';
	fetch_later(p, fresh_ms(p));
	p->concluded(p, changed);
}

static void take_set(struct provider *p)
{
	struct keyring fresh;
	struct buf why;

	buf_init(&why);
	if (keyring_read(&fresh, p->fetch.body.data, p->fetch.body.len, provider_name(p), &why))
		take_ring(p, &fresh);
	else
		fail(p, p->fetch.url, why.data);
	buf_release(&why);
}

static void take_document(struct provider *p)
{
	const char *why;

	p->found = discovery_read(p->fetch.body.data, p->fetch.body.len, p->issuer, &why);
	p->found_ms = p->loop->now_ms;
	if (p->found == NULL) {
		fail(p, p->fetch.url, why);
		return;
	}
	p->discovers = false;
	fetch_start(&p->fetch, p->found);
}

static void on_fetched(struct fetch *f)
{
	struct provider *p = container_of(f, struct provider, fetch);

	p->asked_ms = p->loop->now_ms;
	if (f->error[0] != '\0')
		fail(p, f->url, f->error);
	else if (p->discovers)
		take_document(p);
	else
		take_set(p);
}

/* --- life --- */

struct provider *provider_new(struct loop *loop, struct fetcher *fetcher,
			      const struct provider_source *source,
			      void (*concluded)(struct provider *p, bool changed))
{
	struct provider *p = xcalloc(1, sizeof(*p));

	p->loop = loop;
	p->concluded = concluded;
	p->issuer = source->issuer == NULL ? NULL : xstrdup(source->issuer);
	p->given = source->url == NULL ? NULL : xstrdup(source->url);
	p->ring.issuer = p->issuer;
	timer_init(&p->timer, on_time);
	fetch_init(&p->fetch, fetcher, on_fetched);
	begin(p);
	return p;
}

void provider_free(struct provider *p)
{
	loop_stop_timer(p->loop, &p->timer);
	fetch_release(&p->fetch);
	keyring_release(&p->ring);
	free(p->issuer);
	free(p->given);
	free(p->found);
	free(p);
}
