/* SPDX-License-Identifier: PostgreSQL */
/* signer.h: tokens that a private key signs, as they should be or not. Included last, it brings
 * token.h. */
#ifndef TESTS_UNIT_SIGNER_H
#define TESTS_UNIT_SIGNER_H

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

#include "auth/algorithm.h"

#include "token.h"

#define PAYLOAD_7 "{\"sub\":\"7\",\"exp\":" LATER "}"

/* How to sign. What is not said is as the algorithm asks for. */
struct signer {
	EVP_PKEY *private;
	enum algorithm algorithm;
	const EVP_MD *hash, *within; /* within: of MGF1 */
	int padding, salt;           /* 0: the right one; of a salt 1 stands for none */
};

/* The numbers of an ECDSA signature side by side; *len becomes theirs. */
static inline void put_side_by_side(unsigned char *bytes, size_t *len, int half)
{
	const unsigned char *der = bytes;
	ECDSA_SIG *both = d2i_ECDSA_SIG(NULL, &der, (long)*len);

	assert_non_null(both);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(both), bytes, half), half);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(both), bytes + half, half), half);
	*len = (size_t)half * 2;
	ECDSA_SIG_free(both);
}

static inline void set_padding_of(const struct signer *s, EVP_PKEY_CTX *ctx, const EVP_MD *hash)
{
	int padding = s->padding != 0                                 ? s->padding
		      : (ALGORITHM_SET(s->algorithm) & ALGORITHMS_PS) ? RSA_PKCS1_PSS_PADDING
								      : RSA_PKCS1_PADDING;

	if (EVP_PKEY_get_base_id(s->private) != EVP_PKEY_RSA &&
	    EVP_PKEY_get_base_id(s->private) != EVP_PKEY_RSA_PSS)
		return;
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, padding), 1);
	if (padding != RSA_PKCS1_PSS_PADDING)
		return;
	if (s->within != NULL || EVP_PKEY_get_base_id(s->private) == EVP_PKEY_RSA)
		assert_int_equal(
			EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, s->within != NULL ? s->within : hash), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, s->salt == 0 ? RSA_PSS_SALTLEN_DIGEST
							       : s->salt == 1 ? 0
									      : s->salt),
			 1);
}

/* Signs the text into bytes, which has room for 2048; returns how many they are. */
static inline size_t sign_bytes(const struct signer *s, const char *text, size_t text_len,
				unsigned char *bytes)
{
	const EVP_MD *hash = s->hash != NULL ? s->hash : algorithm_hash(s->algorithm);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx;
	size_t len = 2048;

	assert_int_equal(EVP_DigestSignInit(ctx, &key_ctx, hash, NULL, s->private), 1);
	set_padding_of(s, key_ctx, hash);
	assert_int_equal(EVP_DigestSign(ctx, bytes, &len, (const unsigned char *)text, text_len),
			 1);
	EVP_MD_CTX_free(ctx);
	if (EVP_PKEY_get_base_id(s->private) == EVP_PKEY_EC)
		put_side_by_side(bytes, &len, (EVP_PKEY_get_bits(s->private) + 7) / 8);
	return len;
}

/* header.payload in base64url. */
static inline void begin_token(struct buf *out, const char *header, const char *payload)
{
	buf_init(out);
	append_base64url(out, header, strlen(header));
	buf_append_char(out, '.');
	append_base64url(out, payload, strlen(payload));
}

/* The caller frees it. */
static inline char *end_token(struct buf *out, const unsigned char *signature, size_t len)
{
	buf_append_char(out, '.');
	append_base64url(out, signature, len);
	return buf_detach(out);
}

/* A token of any header and payload. The caller frees it. */
static inline char *sign_text(EVP_PKEY *private, enum algorithm algorithm, const char *header,
			      const char *payload)
{
	struct signer s = {.private = private, .algorithm = algorithm};
	unsigned char bytes[2048];
	struct buf token;
	size_t len;

	begin_token(&token, header, payload);
	len = sign_bytes(&s, token.data, token.len, bytes);
	return end_token(&token, bytes, len);
}

#endif
