/* SPDX-License-Identifier: PostgreSQL */
/*
 * hosts.h: where the database is, by address. libpq looks names up while it connects, and waits; so
 * we do it before, and hand it `hostaddr` for each `host`. The names stay: certificates, passwords
 * and Kerberos go by them. What is no name (a number, a socket's path, a host whose hostaddr is
 * given) stays as it is, and where there is no name at all nothing is looked up.
 *
 * Of several hosts those that have an answer are used once one of them has had HOSTS_PATIENCE_MS
 * for it. A name with several addresses becomes as many hosts, in the order of the answer, as libpq
 * would try them.
 *
 * libpq goes on to the next one when a host refuses, and waits without end for one that is silent:
 * a machine that is gone, or a server whose processes are frozen, behind a socket as well. So the
 * owner gives up after hosts_connect_ms, and says where (hosts_skip): the next attempt begins with
 * the one after that. When all have been silent, each is given more time. Whoever is up has the
 * written order again.
 */
#ifndef PG_HOSTS_H
#define PG_HOSTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/lookup.h"
#include "base/loop.h"

#define HOSTS_MAX 16 /* more are left to libpq */
#define HOSTS_PATIENCE_MS 3000
#define HOSTS_CONNECT_MS 10000

/* Where a connection is, or tried to be, as libpq says. */
struct hosts_place {
	const char *name, *address, *port; /* of a socket: its directory, and no address */
};

struct hosts {
	struct loop *loop;
	/* called by the loop, once for each hosts_find that said so */
	void (*known)(struct hosts *h);
	size_t count;
	struct host {
		struct hosts *of;
		char *name, *address, *port; /* as written; owned, "" where nothing is */
		bool is_name, answered;
		struct lookup lookup;
	} items[HOSTS_MAX];
	struct timer patience;
	/* known: so many are in the lists for libpq; 0: it may have all as it is written */
	size_t usable;
	/* where the lists begin; how many were skipped since one worked */
	size_t first, silent;
	struct buf host, hostaddr, port;
};

void hosts_init(struct hosts *h, struct loop *loop, void (*known)(struct hosts *h));
void hosts_release(struct hosts *h); /* may be asked again */

/* What libpq would take from this conninfo, environment, service file and defaults. True: known()
 * follows, if DNS answers at all. False: nothing has to be looked up; of several there are lists
 * all the same, so that one can be skipped. */
MUST_CHECK bool hosts_find(struct hosts *h, const char *conninfo);

/* Once known: false when no host has an address, and why says it. */
MUST_CHECK bool hosts_usable(const struct hosts *h, struct buf *why);

/* In place of hosts_find: this place alone, where a connection is that `other` was for. */
void hosts_only(struct hosts *h, const struct hosts *other, const struct hosts_place *place);
/* Once known: the lists begin with this place, if it is one of theirs, and none has been skipped.
 */
void hosts_begin_with(struct hosts *h, const struct hosts_place *place);

int hosts_connect_ms(const struct hosts *h);
void hosts_skip(struct hosts *h, const struct hosts_place *place);
void hosts_worked(struct hosts *h);

#endif
