/* SPDX-License-Identifier: PostgreSQL */
/*
 * keyring.h: the keys that tokens are verified with, from one of the four options that give them.
 * Immutable once it is loaded; a reload loads another. Its owner (the configuration) releases it,
 * which wipes the keys.
 */
#ifndef AUTH_KEYRING_H
#define AUTH_KEYRING_H

#include "auth/key.h"

#define KEYRING_MAX 16

struct keyring_source {
	/* at most one is not NULL */
	const char *secret, *secret_file, *public_key_file, *jwks_file;
	const char *algorithm; /* NULL: by the key */
};

struct keyring {
	struct key keys[KEYRING_MAX];
	size_t count;  /* 0: no source was given, and no token is accepted */
	bool has_kids; /* a token's kid chooses; else it means nothing here */
};

/* False: `why` has a sentence that says what to do, and the ring is empty. What is left out of a
 * set is said to the log. */
MUST_CHECK bool keyring_load(struct keyring *r, const struct keyring_source *source,
			     struct buf *why);
void keyring_release(struct keyring *r);

/*
 * The keys that a token of this algorithm and kid (NULL: it has none) may be signed with, one after
 * the other: from *at on, which begins with 0. NULL: there is no more.
 */
const struct key *keyring_next(const struct keyring *r, jwt_alg_t algorithm, const char *kid,
			       size_t *at);

bool keyring_has(const struct keyring *r, uint64_t mark);

#endif
