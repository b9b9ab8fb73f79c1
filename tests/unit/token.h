/* SPDX-License-Identifier: PostgreSQL */
/* token.h: tokens made by hand, right ones and wrong ones. Included last, it brings unit.h. */
#ifndef TESTS_UNIT_TOKEN_H
#define TESTS_UNIT_TOKEN_H

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/buf.h"
#include "auth/key.h"
#include "auth/token.h"

#include "unit.h"

#define KEY "0123456789abcdef0123456789abcdef"
#define HS256 "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define NOW_S INT64_C(1800000000)
#define LATER "1800000100"

/* The key above, for a ring of the test's own; kid is lent. */
#define test_key(name)                                          \
	((struct key){.kid = (char *)(uintptr_t)(name),         \
		      .algorithms = 1U << ALGORITHM_HS256,      \
		      .bytes = (unsigned char *)(uintptr_t)KEY, \
		      .len = sizeof(KEY) - 1,                   \
		      .mark = 7})

/* Base64url without padding (RFC 4648 5). */
static inline void append_base64url(struct buf *out, const void *bytes, size_t len)
{
	unsigned char *coded = malloc(len / 3 * 4 + 8);
	int coded_len = EVP_EncodeBlock(coded, bytes, (int)len);

	while (coded_len > 0 && coded[coded_len - 1] == '=')
		coded_len--;
	for (int i = 0; i < coded_len; i++)
		buf_append_char(out, coded[i] == '+'   ? '-'
				     : coded[i] == '/' ? '_'
						       : (char)coded[i]);
	free(coded);
}

/* A token of this header and payload, signed with an HMAC; the caller frees it. */
static inline char *make_token(const char *header, const char *payload, const EVP_MD *hash,
			       const char *key, size_t key_len)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned int mac_len;
	struct buf token;

	buf_init(&token);
	append_base64url(&token, header, strlen(header));
	buf_append_char(&token, '.');
	append_base64url(&token, payload, strlen(payload));
	HMAC(hash, key, (int)key_len, (const unsigned char *)token.data, token.len, mac, &mac_len);
	buf_append_char(&token, '.');
	append_base64url(&token, mac, mac_len);
	return buf_detach(&token);
}

#endif
