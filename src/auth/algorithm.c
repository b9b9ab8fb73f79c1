/* SPDX-License-Identifier: PostgreSQL */
#include "auth/algorithm.h"

#include <openssl/evp.h>
#include <string.h>

static const struct {
	const char *name, *other_name;
	const EVP_MD *(*hash)(void);
} rows[ALGORITHMS] = {
	[ALGORITHM_HS256] = {"HS256", NULL, EVP_sha256},
	[ALGORITHM_HS384] = {"HS384", NULL, EVP_sha384},
	[ALGORITHM_HS512] = {"HS512", NULL, EVP_sha512},
	[ALGORITHM_RS256] = {"RS256", NULL, EVP_sha256},
	[ALGORITHM_RS384] = {"RS384", NULL, EVP_sha384},
	[ALGORITHM_RS512] = {"RS512", NULL, EVP_sha512},
	[ALGORITHM_ES256] = {"ES256", NULL, EVP_sha256},
	[ALGORITHM_ES384] = {"ES384", NULL, EVP_sha384},
	[ALGORITHM_ES512] = {"ES512", NULL, EVP_sha512},
	[ALGORITHM_PS256] = {"PS256", NULL, EVP_sha256},
	[ALGORITHM_PS384] = {"PS384", NULL, EVP_sha384},
	[ALGORITHM_PS512] = {"PS512", NULL, EVP_sha512},
	[ALGORITHM_EDDSA] = {"EdDSA", "Ed25519", NULL},
};

bool algorithm_parse(const char *name, enum algorithm *ret_algorithm)
{
	for (int i = ALGORITHM_HS256; i < ALGORITHMS; i++) {
		if (strcmp(rows[i].name, name) != 0 &&
		    (rows[i].other_name == NULL || strcmp(rows[i].other_name, name) != 0))
			continue;
		*ret_algorithm = (enum algorithm)i;
		return true;
	}
	return false;
}

const char *algorithm_name(enum algorithm algorithm)
{
	return rows[algorithm].name;
}

const EVP_MD *algorithm_hash(enum algorithm algorithm)
{
	return rows[algorithm].hash == NULL ? NULL : rows[algorithm].hash();
}

enum algorithm algorithm_first(unsigned set)
{
	int first = ALGORITHM_HS256;

	while (first < ALGORITHM_EDDSA && !(set & ALGORITHM_SET(first)))
		first++;
	return (enum algorithm)first;
}
