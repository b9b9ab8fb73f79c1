/* SPDX-License-Identifier: PostgreSQL */
#include "http/verified.h"

#include <openssl/evp.h>
#include <string.h>

bool verified_digest(const char *token, unsigned char digest[VERIFIED_DIGEST])
{
	return EVP_Digest(token, strlen(token), digest, NULL, EVP_sha256(), NULL) == 1;
}

static size_t set_of(const unsigned char digest[VERIFIED_DIGEST])
{
	uint32_t number;

	memcpy(&number, digest, sizeof(number));
	return number % VERIFIED_SETS;
}

bool verified_has(const struct verified *v, const unsigned char digest[VERIFIED_DIGEST],
		  uint64_t mark)
{
	const struct verified_slot *set = v->slots[set_of(digest)];

	for (int i = 0; i < 2; i++)
		if (mark != 0 && set[i].mark == mark &&
		    memcmp(set[i].digest, digest, VERIFIED_DIGEST) == 0)
			return true;
	return false;
}

void verified_add(struct verified *v, const unsigned char digest[VERIFIED_DIGEST], uint64_t mark)
{
	struct verified_slot *set = v->slots[set_of(digest)];

	set[1] = set[0];
	memcpy(set[0].digest, digest, VERIFIED_DIGEST);
	set[0].mark = mark;
}
