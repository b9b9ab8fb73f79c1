/* SPDX-License-Identifier: PostgreSQL */
#include "auth/verified.h"

#include <string.h>

static size_t set_of(const unsigned char digest[DIGEST_BYTES])
{
	uint32_t number;

	memcpy(&number, digest, sizeof(number));
	return number % VERIFIED_SETS;
}

bool verified_has(const struct verified *v, const unsigned char digest[DIGEST_BYTES], uint64_t mark)
{
	const struct verified_slot *set = v->slots[set_of(digest)];

	for (int i = 0; i < 2; i++)
		if (mark != 0 && set[i].mark == mark &&
		    memcmp(set[i].digest, digest, DIGEST_BYTES) == 0)
			return true;
	return false;
}

void verified_add(struct verified *v, const unsigned char digest[DIGEST_BYTES], uint64_t mark)
{
	struct verified_slot *set = v->slots[set_of(digest)];

	set[1] = set[0];
	memcpy(set[0].digest, digest, DIGEST_BYTES);
	set[0].mark = mark;
}
