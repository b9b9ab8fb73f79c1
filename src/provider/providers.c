/* SPDX-License-Identifier: PostgreSQL */
#include "provider/providers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/commas.h"
#include "base/xalloc.h"
#include "provider/address.h"

/* --- the options --- */

static bool add_source(struct provider_sources *s, const char *option, const char *issuer,
		       const char *url, struct buf *why)
{
	const char *address = url != NULL ? url : issuer, *fault = address_fault(address);

	if (fault != NULL) {
		buf_appendf(why, "%s: '%s' %s", option, address, fault);
		return false;
	}
	if (s->count == PROVIDERS_MAX) {
		buf_appendf(why, "%s: there are more than %d providers", option, PROVIDERS_MAX);
		return false;
	}
	s->items[s->count++] = (struct provider_source){issuer, url};
	return true;
}

/* An item of jwks-url is "URL" or "ISSUER URL". */
static bool add_jwks_url(struct provider_sources *s, char *item, struct buf *why)
{
	char *blank = strpbrk(item, " \t");

	if (blank == NULL)
		return add_source(s, "jwks-url", NULL, item, why);
	*blank = '\0';
	return add_source(s, "jwks-url", item, blank + 1 + strspn(blank + 1, " \t"), why);
}

/* Two providers that are bound to none could sign for each other. */
static bool are_apart(const struct provider_sources *s, struct buf *why)
{
	size_t unbound = 0;

	for (size_t i = 0; i < s->count; i++)
		unbound += s->items[i].issuer == NULL;
	if (unbound <= 1)
		return true;
	buf_append_str(why,
		       "jwks-url has several URLs, and does not say whose keys they are: write "
		       "each as 'ISSUER URL'");
	return false;
}

bool provider_sources_read(const char *oidc_issuer, const char *jwks_url,
			   struct provider_sources *ret_sources, struct buf *why)
{
	struct provider_sources *s = ret_sources;
	char *rest, *item;
	bool good = true;

	*s = (struct provider_sources){.oidc_text = xstrdup(oidc_issuer == NULL ? "" : oidc_issuer),
				       .jwks_text = xstrdup(jwks_url == NULL ? "" : jwks_url)};
	for (rest = s->oidc_text; good && (item = commas_next(&rest)) != NULL;)
		good = add_source(s, "oidc-issuer", item, NULL, why);
	for (rest = s->jwks_text; good && (item = commas_next(&rest)) != NULL;)
		good = add_jwks_url(s, item, why);
	return good && are_apart(s, why);
}

void provider_sources_release(struct provider_sources *s)
{
	free(s->oidc_text);
	free(s->jwks_text);
	*s = (struct provider_sources){.count = 0};
}

/* --- life --- */

void providers_open(struct providers *set)
{
	list_init(&set->items);
	set->own = NULL;
	fetcher_open(&set->fetcher, set->loop);
}

static void drop(struct provider *p)
{
	list_remove(&p->link);
	provider_free(p);
}

void providers_close(struct providers *set)
{
	list_each (node, tmp, &set->items)
		drop(container_of(node, struct provider, link));
	if (set->own != NULL)
		set->own->next = NULL;
	fetcher_close(&set->fetcher);
}

static void on_concluded(struct provider *p, bool changed)
{
	struct providers *set = container_of(p->fetch.fetcher, struct providers, fetcher);

	set->concluded(set->ctx, changed);
}

static struct provider *find(struct providers *set, const struct provider_source *source)
{
	list_each (node, tmp, &set->items) {
		struct provider *p = container_of(node, struct provider, link);

		if (provider_is(p, source))
			return p;
	}
	return NULL;
}

static bool has_source(const struct provider_sources *sources, const struct provider *p)
{
	for (size_t i = 0; i < sources->count; i++)
		if (provider_is(p, &sources->items[i]))
			return true;
	return false;
}

static void link_rings(struct providers *set, struct keyring *own)
{
	struct keyring *last = own;

	if (set->own != NULL)
		set->own->next = NULL;
	set->own = own;
	list_each (node, tmp, &set->items) {
		struct provider *p = container_of(node, struct provider, link);

		last->next = &p->ring;
		last = &p->ring;
	}
	last->next = NULL;
}

void providers_use(struct providers *set, const struct provider_sources *sources,
		   struct keyring *own, const char *ca_file)
{
	set->fetcher.ca_file = ca_file;
	list_each (node, tmp, &set->items) {
		struct provider *p = container_of(node, struct provider, link);

		if (!has_source(sources, p))
			drop(p);
	}
	for (size_t i = 0; i < sources->count; i++) {
		struct provider *p;

		if (find(set, &sources->items[i]) != NULL)
			continue;
		p = provider_new(set->loop, &set->fetcher, &sources->items[i], on_concluded);
		list_append(&set->items, &p->link);
	}
	link_rings(set, own);
}

/* A provider that is bound to no issuer may have the keys of any that no other is bound to. */
bool providers_ask(struct providers *set, const char *issuer)
{
	const char *bound = keyring_binds(set->own, issuer) ? issuer : NULL;
	bool asked = false;

	list_each (node, tmp, &set->items) {
		struct provider *p = container_of(node, struct provider, link);
		bool fits = bound == NULL ? p->issuer == NULL
					  : p->issuer != NULL && strcmp(p->issuer, bound) == 0;

		asked = (fits && provider_ask(p)) || asked;
	}
	return asked;
}

bool providers_are_busy(const struct providers *set)
{
	list_each (node, tmp, &set->items)
		if (fetch_is_on(&container_of(node, struct provider, link)->fetch))
			return true;
	return false;
}

/* --- metrics --- */

static void append_family(const struct providers *set, struct buf *out, const char *name,
			  const char *type, const char *help,
			  int64_t (*value)(const struct provider *p, int64_t now_ms),
			  int64_t now_ms)
{
	buf_appendf(out, "# HELP pgherald_%s %s\n# TYPE pgherald_%s %s\n", name, help, name, type);
	list_each (node, tmp, &set->items) {
		const struct provider *p = container_of(node, struct provider, link);

		buf_appendf(out, "pgherald_%s{provider=\"", name);
		buf_append_label(out, provider_name(p));
		buf_appendf(out, "\"} %" PRId64 "\n", value(p, now_ms));
	}
}

static int64_t key_count(const struct provider *p, int64_t now_ms)
{
	(void)now_ms;
	return (int64_t)p->ring.count;
}

static int64_t age_s(const struct provider *p, int64_t now_ms)
{
	return p->got_ms == 0 ? -1 : (now_ms - p->got_ms) / 1000;
}

static int64_t fetch_count(const struct provider *p, int64_t now_ms)
{
	(void)now_ms;
	return (int64_t)p->fetches;
}

static int64_t failure_count(const struct provider *p, int64_t now_ms)
{
	(void)now_ms;
	return (int64_t)p->failures;
}

void providers_append_metrics(const struct providers *set, int64_t now_ms, struct buf *out)
{
	append_family(set, out, "provider_keys", "gauge", "Keys in force of an identity provider.",
		      key_count, now_ms);
	append_family(set, out, "provider_age_seconds", "gauge",
		      "Seconds since its keys were last fetched well; -1: never yet.", age_s,
		      now_ms);
	append_family(set, out, "provider_fetches_total", "counter",
		      "How often its keys were asked for.", fetch_count, now_ms);
	append_family(set, out, "provider_failures_total", "counter",
		      "How often they could not be had.", failure_count, now_ms);
}
