/* SPDX-License-Identifier: PostgreSQL */
#include "auth/digest.h"

#include <openssl/evp.h>
#include <stdio.h>

bool digest_of(const char *text, size_t len, unsigned char ret_digest[DIGEST_BYTES])
{
	unsigned int size = 0;

	return EVP_Digest(text, len, ret_digest, &size, EVP_sha256(), NULL) == 1 &&
	       size == DIGEST_BYTES;
}

void digest_text(const char *text, size_t len, char ret_text[DIGEST_TEXT_MAX])
{
	unsigned char digest[DIGEST_BYTES];
	bool good = digest_of(text, len, digest);

	ret_text[0] = '\0';
	for (size_t i = 0; good && i < DIGEST_BYTES; i++)
		snprintf(ret_text + 2 * i, DIGEST_TEXT_MAX - 2 * i, "%02x", digest[i]);
}
