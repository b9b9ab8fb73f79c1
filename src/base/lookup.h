/* SPDX-License-Identifier: PostgreSQL */
/*
 * lookup.h: finds the addresses of host names without waiting.
 *
 * getaddrinfo() can only wait. Nothing ends it before its resolver gives up, which may take a
 * minute or for ever. So a thread calls it, and answers through an eventfd of the loop.
 *
 * All lookups of one name share the answer. A thread that does not come back is left alone. A
 * lookup that starts LOOKUP_AGAIN_MS later sends another thread. The wait for the next one doubles
 * each time, up to LOOKUP_AGAIN_MOST_MS. Without that bound, a lookup that has waited for hours
 * would wait as long again when DNS is back.
 *
 * A name has at most LOOKUP_THREADS_MAX threads. They last for five hours of a resolver that hangs.
 * Then the log says so, and one of them must come back first.
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
#define LOOKUP_ADDRESSES_MAX 16 /* for one name; more are left out */

struct loop;
struct lookup_post;

/* Each loop has one. */
struct lookups {
	struct strmap names;      /* -> struct lookup_name */
	struct lookup_post *post; /* shared with the threads; the last to leave frees it */
};

/* A wish for the addresses of a name, embedded in its owner. */
struct lookup {
	struct list link;                      /* of the name's waiting; linked while it waits */
	void (*found)(struct lookup *l);       /* the loop calls it, never lookup_start */
	char *addresses[LOOKUP_ADDRESSES_MAX]; /* in numbers; owned */
	size_t count;                          /* of addresses; 0 if error says why */
	const char *error;
};

/* Returns false if there can be no eventfd. errno says why. */
MUST_CHECK bool lookups_init(struct lookups *set);
void lookups_release(struct lookups *set); /* threads that are still out end by themselves */
int lookups_fd(const struct lookups *set); /* readable when lookups_take has something to do */
void lookups_take(struct lookups *set);

void lookup_init(struct lookup *l, void (*found)(struct lookup *l));
/* Looks the name up, and calls found() with addresses or error. Drops what l wished for before. */
void lookup_start(struct loop *loop, struct lookup *l, const char *name);
void lookup_stop(struct lookup *l); /* drops wish and answer; harmless at any time */

/* Is this an address in numbers, which needs no lookup? */
bool lookup_is_number(const char *host);

#endif
