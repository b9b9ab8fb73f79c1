/* SPDX-License-Identifier: PostgreSQL */
/*
 * lookup.h: addresses of host names, without waiting. getaddrinfo() has no other form and nothing
 * ends it before its resolver gives up, which may take a minute or for ever. So a thread asks, and
 * answers through an eventfd of the loop.
 *
 * All who want the same name share the answer. A thread that does not come back is left alone, and
 * the name asked for once more by another one: after LOOKUP_AGAIN_MS, then after twice as long each
 * time, up to LOOKUP_AGAIN_MOST_MS: who has waited for hours must not wait as long again when DNS
 * is back. There are no more than LOOKUP_THREADS_MAX for a name, which is five hours of a resolver
 * that hangs; then the log says so, and one of them must come back.
 */
#ifndef BASE_LOOKUP_H
#define BASE_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"
#include "base/list.h"
#include "base/strmap.h"

#define LOOKUP_AGAIN_MS 10000
#define LOOKUP_AGAIN_MOST_MS 300000
#define LOOKUP_THREADS_MAX 64
#define LOOKUP_ADDRESSES_MAX 16 /* of a name; more are left out */

struct loop;
struct lookup_post;

/* One for each loop. */
struct lookups {
	struct strmap names;      /* -> struct lookup_name */
	struct lookup_post *post; /* what the threads have as well; outlives them */
};

/* A wish, embedded in its owner. */
struct lookup {
	struct list link;                      /* of its name's; linked while it waits */
	void (*found)(struct lookup *l);       /* called by the loop, never while it is asked */
	char *addresses[LOOKUP_ADDRESSES_MAX]; /* numbers as text; owned */
	size_t count;                          /* of them; 0: error says why */
	const char *error;
};

MUST_CHECK bool lookups_init(struct lookups *set);
void lookups_release(struct lookups *set); /* threads that are still out end by themselves */
int lookups_fd(const struct lookups *set); /* readable when lookups_take has something to do */
void lookups_take(struct lookups *set);

void lookup_init(struct lookup *l, void (*found)(struct lookup *l));
void lookup_start(struct loop *loop, struct lookup *l, const char *name);
void lookup_stop(struct lookup *l); /* forgets wish and answer; harmless at any time */

/* Numbers need no lookup. */
bool lookup_is_number(const char *host);

#endif
