/* SPDX-License-Identifier: PostgreSQL */
/*
 * providers.h: all identity providers of the configuration. Their rings follow the configuration's
 * own in the chain of keyring.h.
 */
#ifndef PROVIDER_PROVIDERS_H
#define PROVIDER_PROVIDERS_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/list.h"
#include "auth/keyring.h"
#include "provider/fetch.h"
#include "provider/provider.h"

#define PROVIDERS_MAX 32

/* What the options say. The configuration owns it. */
struct provider_sources {
	struct provider_source items[PROVIDERS_MAX];
	size_t count;
	char *oidc_text, *jwks_text; /* what the items point into */
};

/*
 * Reads the options oidc-issuer and jwks-url. Each is NULL or a list, joined by commas. An item of
 * jwks-url is a URL, or an issuer, a blank and a URL. False if one is wrong, and `why` says so. The
 * caller releases *ret_sources in any case.
 */
MUST_CHECK bool provider_sources_read(const char *oidc_issuer, const char *jwks_url,
				      struct provider_sources *ret_sources, struct buf *why);
void provider_sources_release(struct provider_sources *s);

struct providers {
	struct loop *loop; /* borrowed; the caller sets these three before providers_open */
	/*
	 * A fetch has ended. If `changed`, other keys are in force, and what rests on the old ones
	 * is to be looked at.
	 */
	void (*concluded)(void *ctx, bool changed);
	void *ctx;
	struct fetcher fetcher;
	struct list items;   /* struct provider */
	struct keyring *own; /* borrowed; the first of the chain */
};

void providers_open(struct providers *set);
void providers_close(struct providers *set);

/*
 * Takes what the configuration says from now on. Providers that it had before keep their keys. The
 * ring `own` has the keys that do not come over the network, and becomes the first of the chain. It
 * and ca_file are borrowed.
 */
void providers_use(struct providers *set, const struct provider_sources *sources,
		   struct keyring *own, const char *ca_file);

/*
 * A token of this issuer (NULL: it names none) has a key that is not known. True if its provider is
 * being asked. Then the token is worth looking at again after `concluded`.
 */
bool providers_ask(struct providers *set, const char *issuer);

/* True while a fetch is under way, or goes on from a document to its keys. */
bool providers_are_busy(const struct providers *set);

/* Lines of metrics, for each provider. */
void providers_append_metrics(const struct providers *set, int64_t now_ms, struct buf *out);

#endif
