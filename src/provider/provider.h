/* SPDX-License-Identifier: PostgreSQL */
/*
 * provider.h: an identity provider, whose keys come over the network and change without a word.
 *
 * Its key set is fetched at the start, and again from time to time. A token of an unknown key has
 * it fetched at once, but not more often than each PROVIDER_ASK_MS. If a fetch fails, the last good
 * set stays in force. Times are milliseconds of the monotonic clock.
 */
#ifndef PROVIDER_PROVIDER_H
#define PROVIDER_PROVIDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/list.h"
#include "auth/keyring.h"
#include "provider/fetch.h"

#define PROVIDER_ASK_MS 5000
/* How long a set is taken for new. Cache-Control decides within these bounds. */
#define PROVIDER_FRESH_MS 600000 /* if it says nothing */
#define PROVIDER_FRESH_LEAST_MS 60000
#define PROVIDER_FRESH_MOST_MS 3600000
/* After a failure it is tried again so soon. The wait doubles up to the second. */
#define PROVIDER_RETRY_MS 1000
#define PROVIDER_RETRY_MOST_MS 60000
#define PROVIDER_FOUND_MS 86400000 /* after that it is asked again where its keys are */

/* Where keys come from, as the configuration says. Borrowed. */
struct provider_source {
	const char *issuer; /* NULL if its keys are for all issuers that no other source has */
	const char *url;    /* of the key set; NULL if the issuer's document says it */
};

struct provider {
	struct list link;
	struct loop *loop;
	/* A fetch has ended, well or not. `changed`: other keys are in the ring than before. */
	void (*concluded)(struct provider *p, bool changed);
	char *issuer; /* owned; NULL as in the source */
	char *given;  /* owned; the URL of the source, or NULL */
	char *found;  /* owned; what the issuer's document says; NULL if it is not known */
	int64_t found_ms;
	bool discovers; /* the issuer's document is being fetched */
	struct fetch fetch;
	struct timer timer;
	struct keyring ring;
	/* the last beginning or end of a fetch, and the last good end; 0 if there was none */
	int64_t asked_ms, got_ms;
	int failing;                /* fetches that have failed since the last good one */
	char fault[512];            /* a sentence about the last failure; empty if there is none */
	uint64_t fetches, failures; /* since the start, for metrics */
};

/* Copies the source, and fetches for the first time. */
struct provider *provider_new(struct loop *loop, struct fetcher *fetcher,
			      const struct provider_source *source,
			      void (*concluded)(struct provider *p, bool changed));
void provider_free(struct provider *p);
bool provider_is(const struct provider *p, const struct provider_source *source);

/* "https://a/keys", or its issuer, for logs and metrics. */
const char *provider_name(const struct provider *p);

/*
 * A token came whose key is not in the ring. True if the key may come with the next `concluded`: a
 * fetch is under way, or was begun, or none has been good yet. False if it was asked a moment ago.
 */
bool provider_ask(struct provider *p);

#endif
