/* SPDX-License-Identifier: PostgreSQL */
/*
 * keyring.h: the keys that verify tokens. One of four options gives them. A ring is immutable once
 * it is loaded. A reload loads another one. The configuration owns the ring and releases it, which
 * wipes the keys.
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
	size_t count;  /* 0 if no source was given; then no token is accepted */
	bool has_kids; /* a token's kid chooses the key; else the kid means nothing */
};

/*
 * Loads the ring. If it fails, `why` says in one sentence what to do, and the ring is empty. The
 * log names the keys of a set that are left out.
 */
MUST_CHECK bool keyring_load(struct keyring *r, const struct keyring_source *source,
			     struct buf *why);
void keyring_release(struct keyring *r);

/*
 * Goes through the keys that may have signed a token of this algorithm and kid. `kid` is NULL if
 * the token has none. *at begins with 0, and each call moves it on. NULL if there is no more.
 */
const struct key *keyring_next(const struct keyring *r, jwt_alg_t algorithm, const char *kid,
			       size_t *at);

/* True if the key with this mark is in the ring. */
bool keyring_has(const struct keyring *r, uint64_t mark);

#endif
