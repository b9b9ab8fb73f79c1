/* SPDX-License-Identifier: PostgreSQL */
/*
 * keyring.h: the keys that verify tokens. The configuration has one ring, which one of four options
 * gives. Each identity provider has another one. A ring is immutable once it is loaded. A reload
 * loads another one. Its owner releases it, which wipes the keys.
 *
 * Rings make a chain, of which the configuration's is the first. A ring may be bound to an issuer.
 * Then its keys verify that issuer's tokens only, and no other ring's keys do.
 */
#ifndef AUTH_KEYRING_H
#define AUTH_KEYRING_H

#include "auth/key.h"

#define KEYRING_MAX 64

struct keyring_source {
	/* at most one is not NULL */
	const char *secret, *secret_file, *public_key_file, *jwks_file;
	const char *algorithm; /* NULL if the key decides */
};

struct keyring {
	struct key keys[KEYRING_MAX];
	size_t count;               /* 0 if no source was given; then no token is accepted */
	bool has_kids;              /* a token's kid chooses the key; else the kid means nothing */
	const char *issuer;         /* borrowed; NULL if it is bound to none */
	const struct keyring *next; /* borrowed; NULL if it is the last of its chain */
};

/* A place in a chain. It begins with all zero. */
struct keyring_at {
	const struct keyring *ring;
	size_t key;
};

/*
 * Loads the ring. If it fails, `why` says in one sentence what to do, and the ring is empty. The
 * log names the keys of a set that are left out.
 */
MUST_CHECK bool keyring_load(struct keyring *r, const struct keyring_source *source,
			     struct buf *why);
/*
 * Reads a key set that came from elsewhere, and is called `name` in the log. What is no public key,
 * or no good one, is left out with a warning (RFC 7517 5). So is a secret, which is none when it
 * was published. False if no key is left or it is no set, and `why` ends a sentence about it.
 */
MUST_CHECK bool keyring_read(struct keyring *r, const char *bytes, size_t len, const char *name,
			     struct buf *why);
void keyring_release(struct keyring *r); /* it is empty, and bound to none */

/* Takes the keys over into the place of the others, which are released. Chain and issuer stay. */
void keyring_replace(struct keyring *r, struct keyring *fresh);

/*
 * Goes through the keys of the chain that may have signed a token of this issuer, algorithm and
 * kid. `issuer` and `kid` are NULL if the token has none. Each call moves *at on. NULL if there is
 * no more.
 */
const struct key *keyring_next(const struct keyring *chain, const char *issuer,
			       enum algorithm algorithm, const char *kid, struct keyring_at *at);

/* True if a ring of the chain is bound to the issuer. */
bool keyring_binds(const struct keyring *chain, const char *issuer);

/* True if the key with this mark is in the chain. */
bool keyring_has(const struct keyring *chain, uint64_t mark);

/* True if no key can ever come of this chain. */
static inline bool keyring_is_none(const struct keyring *chain)
{
	return chain == NULL || (chain->count == 0 && chain->next == NULL);
}

/* True if both rings, without their chains, have the same keys in any order. */
bool keyring_equals(const struct keyring *a, const struct keyring *b);

#endif
