/* SPDX-License-Identifier: PostgreSQL */
/* verify.h: one signature, asked of each library that can verify it. Included last, it brings
 * jwk.h. */
#ifndef TESTS_UNIT_VERIFY_H
#define TESTS_UNIT_VERIFY_H

#include "auth/signature.h"

#include "jwk.h"

/* The key as it comes from a key set that names no algorithm. */
static inline struct key key_of(EVP_PKEY *pair)
{
	struct key key;
	struct buf why;

	buf_init(&why);
	if (!key_from_public(&key, pair, ALGORITHM_ANY, &why))
		fail_msg("%s", why.data);
	buf_release(&why);
	return key;
}

/* An ordinary token goes to libjwt where that can, an access token to libcrypto. They must agree.
 */
static inline bool token_is_by(const char *token, enum algorithm algorithm, const struct key *key)
{
	struct signature s;
	bool ordinary, access;

	if (!signature_read(&s, token))
		return false;
	s.algorithm = algorithm;
	s.access = false;
	ordinary = signature_is_by(&s, key);
	s.access = true;
	access = signature_is_by(&s, key);
	if (ordinary != access)
		fail_msg("%s: libjwt says %d, libcrypto %d", algorithm_name(algorithm), ordinary,
			 access);
	return ordinary;
}

/* A token whose header and payload are always the same, for signatures to be tried with. */
static inline void begin_tried(struct buf *out, enum algorithm algorithm)
{
	char header[40];

	snprintf(header, sizeof(header), "{\"alg\":\"%s\"}", algorithm_name(algorithm));
	begin_token(out, header, PAYLOAD_7);
}

static inline bool bytes_are_by(const unsigned char *bytes, size_t len, enum algorithm algorithm,
				const struct key *key)
{
	struct buf text;
	char *token;
	bool good;

	begin_tried(&text, algorithm);
	token = end_token(&text, bytes, len);
	good = token_is_by(token, algorithm, key);
	free(token);
	return good;
}

/* Signs the same text into bytes, which has room for 2048; returns how many they are. */
static inline size_t sign_tried(const struct signer *s, unsigned char *bytes)
{
	struct buf text;
	size_t len;

	begin_tried(&text, s->algorithm);
	len = sign_bytes(s, text.data, text.len, bytes);
	buf_release(&text);
	return len;
}

#endif
