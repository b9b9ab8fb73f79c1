/* SPDX-License-Identifier: PostgreSQL */
/*
 * fetch.h: gets one document over HTTP without waiting. libcurl does the work within the loop, and
 * looks names up in a thread of its own.
 *
 * A fetch is bounded: FETCH_MS in all, FETCH_BYTES_MAX of body, FETCH_REDIRECTS_MAX redirects. A
 * redirect to another scheme, host or port is not followed. The server's certificate is always
 * verified.
 */
#ifndef PROVIDER_FETCH_H
#define PROVIDER_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/loop.h"

#define FETCH_MS 10000
#define FETCH_CONNECT_MS 5000
#define FETCH_BYTES_MAX (256 << 10)
#define FETCH_REDIRECTS_MAX 3

/* What all fetches of a loop share. */
struct fetcher {
	struct loop *loop; /* borrowed */
	void *multi;       /* owned; of libcurl, a CURLM */
	struct timer timer;
	struct list sockets; /* struct fetch_socket */
	struct list closed;  /* the same; freed after the turn, as loop.h wants */
	struct timer reaper;
	/* borrowed; a file of certificates that are trusted instead of the system's. NULL: those */
	const char *ca_file;
};

/* One fetch, embedded in its owner. */
struct fetch {
	struct fetcher *fetcher;
	void *easy; /* owned; of libcurl, a CURL; NULL if nothing is under way */
	char *url;  /* owned */
	int redirects;
	/* The loop calls it, never fetch_start. It may start the next fetch. */
	void (*done)(struct fetch *f);
	/* What came of it. Valid in done(), and until the next start. */
	char error[320]; /* the end of a sentence about the URL; empty if it worked */
	struct buf body;
	int64_t max_age_s; /* of Cache-Control (RFC 9111 5.2.2); -1 if it says none, 0 for no-store
			    */
};

void fetcher_open(struct fetcher *f, struct loop *loop);
void fetcher_close(struct fetcher *f); /* comes after the end of all its fetches */

void fetch_init(struct fetch *f, struct fetcher *fetcher, void (*done)(struct fetch *f));
/* Gets the document of the URL, which address_fault has passed. Drops what f fetched before. */
void fetch_start(struct fetch *f, const char *url);
bool fetch_is_on(const struct fetch *f);
void fetch_release(struct fetch *f); /* harmless at any time */

/* The seconds that Cache-Control gives. -1 if it gives none, and 0 for no-store and no-cache. */
int64_t fetch_read_max_age(const char *cache_control);

#endif
