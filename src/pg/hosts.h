/* SPDX-License-Identifier: PostgreSQL */
/*
 * hosts.h: where the database is, by address.
 *
 * libpq looks names up while it connects, and waits for the answer. So we look them up before, and
 * give libpq `hostaddr` for each `host`. The names stay, because certificates, passwords and
 * Kerberos go by them. These are no names and stay as they are:
 * - a number;
 * - the path of a socket;
 * - a host with a hostaddr.
 *
 * If there is no name at all, nothing is looked up.
 *
 * Of several hosts, those with an address are used. The wait for the others ends HOSTS_PATIENCE_MS
 * after it began, once one host has an address. A name with several addresses becomes as many
 * hosts, in the order of the answer, as libpq would try them.
 *
 * When a host refuses, libpq goes on to the next one. It waits for a silent host without end. A
 * silent host is a machine that is gone, or a server with frozen processes, even behind a
 * local socket. So the owner gives up after hosts_connect_ms, and calls hosts_skip with the place.
 * The next attempt begins with the host after that. When all have been silent, each gets more time.
 * After a connection (hosts_worked), the hosts are in the written order again.
 */
#ifndef PG_HOSTS_H
#define PG_HOSTS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "base/loop.h"

#define HOSTS_MAX 16 /* more are left to libpq */
#define HOSTS_PATIENCE_MS 3000
#define HOSTS_CONNECT_MS 10000

/* Where a connection is, or tried to be, as libpq says. Borrowed. */
struct hosts_place {
	const char *name, *address, *port; /* a socket has its directory as name, and no address */
};

/* NULL: nowhere, as of no connection. */
struct hosts_place hosts_place_of(const PGconn *pg);

struct hosts {
	struct loop *loop;
	/* The loop calls it, once for each hosts_find that returned true. */
	void (*known)(struct hosts *h);
	size_t count;
	struct host {
		struct hosts *of;
		char *name, *address, *port; /* as written; owned, "" if nothing is */
		bool is_name, answered;
		struct lookup lookup;
	} items[HOSTS_MAX];
	struct timer patience;
	/* How many are in the lists for libpq, once known. 0 means libpq may have all as it is
	 * written. */
	size_t usable;
	/* Where the lists begin, and how many were skipped since one worked. */
	size_t first, silent;
	struct buf host, hostaddr, port;
};

void hosts_init(struct hosts *h, struct loop *loop, void (*known)(struct hosts *h));
/* hosts_find may be called again. */
void hosts_release(struct hosts *h);

/* Reads the hosts that libpq would take from this conninfo, the environment, a service file and its
 * defaults. True if names are looked up. Then known() follows if DNS answers at all. False if there
 * are none. If several hosts are written, there are lists all the same, so that one can be
 * skipped. */
MUST_CHECK bool hosts_find(struct hosts *h, const char *conninfo);

/* Called once known. False if no host has an address, and why says so. */
MUST_CHECK bool hosts_usable(const struct hosts *h, struct buf *why);

/* In place of hosts_find. Uses only this place, where a connection is that `other` was for. */
void hosts_only(struct hosts *h, const struct hosts *other, const struct hosts_place *place);
/* Called once known. The lists begin with this place, if it is in them and none has been
 * skipped. */
void hosts_begin_with(struct hosts *h, const struct hosts_place *place);

/* Returns how long an attempt may take. It is HOSTS_PATIENCE_MS if there are several hosts, and not
 * all have been silent. Otherwise it is HOSTS_CONNECT_MS. */
int hosts_connect_ms(const struct hosts *h);
/* This place was silent. The next lists begin with the entry after it. */
void hosts_skip(struct hosts *h, const struct hosts_place *place);
/* A connection was made. The next lists are in the written order. */
void hosts_worked(struct hosts *h);

#endif
