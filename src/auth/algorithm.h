/* SPDX-License-Identifier: PostgreSQL */
/*
 * algorithm.h: the algorithms that sign tokens (RFC 7518 3.1, RFC 8037), and sets of them. A key
 * has a set, which says what it verifies. "none" is no algorithm.
 */
#ifndef AUTH_ALGORITHM_H
#define AUTH_ALGORITHM_H

#include <openssl/types.h>
#include <stdbool.h>

#include "base/base.h"

enum algorithm {
	ALGORITHM_ANY, /* none is named: the key decides */
	ALGORITHM_HS256,
	ALGORITHM_HS384,
	ALGORITHM_HS512,
	ALGORITHM_RS256,
	ALGORITHM_RS384,
	ALGORITHM_RS512,
	ALGORITHM_ES256,
	ALGORITHM_ES384,
	ALGORITHM_ES512,
	ALGORITHM_PS256,
	ALGORITHM_PS384,
	ALGORITHM_PS512,
	ALGORITHM_EDDSA, /* with Ed25519, its only curve here */
	ALGORITHMS
};

/* The end of a sentence that says what an algorithm is not. */
#define ALGORITHM_NAMES "one of HS, RS, PS, ES with 256, 384, 512, nor EdDSA"

/* A set of algorithms is an unsigned number with a bit for each. */
#define ALGORITHM_SET(a) (1U << (a))
#define ALGORITHMS_HS (7U << ALGORITHM_HS256)
#define ALGORITHMS_RS (7U << ALGORITHM_RS256)
#define ALGORITHMS_ES (7U << ALGORITHM_ES256)
#define ALGORITHMS_PS (7U << ALGORITHM_PS256)

/*
 * "HS256" to "EdDSA", in exactly this spelling (RFC 7515 4.1.1). "Ed25519" is another name of EdDSA
 * (RFC 9864). False for any other text.
 */
MUST_CHECK bool algorithm_parse(const char *name, enum algorithm *ret_algorithm);
const char *algorithm_name(enum algorithm algorithm);

/* The hash that it signs. NULL if it hashes in a way of its own. */
const EVP_MD *algorithm_hash(enum algorithm algorithm);

/* The first one of a set that is not empty. */
enum algorithm algorithm_first(unsigned set);

#endif
