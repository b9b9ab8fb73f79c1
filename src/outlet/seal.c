/* SPDX-License-Identifier: PostgreSQL */
#include "outlet/seal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/xalloc.h"

#define SALT_BYTES 32
#define SALT_TEXT (2 * SALT_BYTES)
#define IV_BYTES 16
#define KEY_BYTES 32
#define MAC_BYTES 32
#define PLAIN_MAX (INT_MAX / 2) /* lengths are ints in libcrypto, and base64 makes them longer */

/*
 * The contexts are made once and hold what does not change. Making them again for each text would
 * cost half as much again as the rest.
 */
struct seal {
	char id[SEAL_ID_MAX + 1];
	/* Knows the password. libcrypto wipes it. */
	EVP_KDF_CTX *kdf;
	EVP_MAC_CTX *mac;
	EVP_CIPHER_CTX *aes;
	struct buf encrypted; /* of the text in the making */
};

/* What is new in every text. */
struct fresh {
	unsigned char salt[SALT_BYTES], mac_salt[SALT_BYTES], iv[IV_BYTES];
};

/* --- which password and id are taken --- */

/*
 * @hapi/iron counts UTF-16 units, of which a character has one or two. So a password with enough
 * characters is never too short there.
 */
static bool count_characters(const char *text, size_t *ret_count)
{
	const unsigned char *at = (const unsigned char *)text;
	size_t len = strlen(text), step;

	for (*ret_count = 0; len > 0; at += step, len -= step, ++*ret_count) {
		step = utf8_len(at, len);
		if (step == 0)
			return false;
	}
	return true;
}

static bool is_id(const char *id)
{
	size_t len = strlen(id);

	return len > 0 && len <= SEAL_ID_MAX &&
	       strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static bool may_be_used(const char *password, const char *id, const char **ret_why)
{
	static char sentence[120];
	size_t count;

	*ret_why = sentence;
	if (!count_characters(password, &count))
		snprintf(sentence, sizeof(sentence), "encryption-key is not UTF-8");
	else if (count < SEAL_PASSWORD_MIN)
		snprintf(sentence, sizeof(sentence),
			 "encryption-key has %zu characters, fewer than %d", count,
			 SEAL_PASSWORD_MIN);
	else if (id != NULL && !is_id(id))
		snprintf(sentence, sizeof(sentence),
			 "encryption-key-id is not of 1 to %d letters, digits and _", SEAL_ID_MAX);
	else
		return true;
	return false;
}

/* --- libcrypto --- */

static EVP_KDF_CTX *make_kdf(const char *password)
{
	EVP_KDF *pbkdf2 = EVP_KDF_fetch(NULL, "PBKDF2", NULL);
	EVP_KDF_CTX *ctx = pbkdf2 == NULL ? NULL : EVP_KDF_CTX_new(pbkdf2);
	uint64_t iterations = 1;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD,
						  (char *)(uintptr_t)password, strlen(password)),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)"SHA1",
						 0),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_ITER, &iterations),
		OSSL_PARAM_construct_end(),
	};

	EVP_KDF_free(pbkdf2);
	if (ctx != NULL && EVP_KDF_CTX_set_params(ctx, params) == 1)
		return ctx;
	EVP_KDF_CTX_free(ctx);
	return NULL;
}

static EVP_MAC_CTX *make_mac(void)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac == NULL ? NULL : EVP_MAC_CTX_new(hmac);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)"SHA256",
						 0),
		OSSL_PARAM_construct_end(),
	};

	EVP_MAC_free(hmac);
	if (ctx != NULL && EVP_MAC_CTX_set_params(ctx, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static EVP_CIPHER_CTX *make_aes(void)
{
	EVP_CIPHER *cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
	EVP_CIPHER_CTX *ctx = cbc == NULL ? NULL : EVP_CIPHER_CTX_new();
	bool good = ctx != NULL && EVP_EncryptInit_ex2(ctx, cbc, NULL, NULL, NULL) == 1;

	EVP_CIPHER_free(cbc);
	if (good)
		return ctx;
	EVP_CIPHER_CTX_free(ctx);
	return NULL;
}

static bool derive(struct seal *s, const char *salt, unsigned char key[KEY_BYTES])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (char *)(uintptr_t)salt,
						  SALT_TEXT),
		OSSL_PARAM_construct_end(),
	};

	return EVP_KDF_derive(s->kdf, key, KEY_BYTES, params) == 1;
}

static bool encrypt(struct seal *s, const unsigned char *key, const unsigned char *iv,
		    struct text plain)
{
	unsigned char *out;
	int len = 0, last = 0;

	buf_clear(&s->encrypted);
	buf_reserve(&s->encrypted, plain.len + EVP_MAX_BLOCK_LENGTH);
	out = (unsigned char *)s->encrypted.data;
	if (EVP_EncryptInit_ex2(s->aes, NULL, key, iv, NULL) != 1 ||
	    EVP_EncryptUpdate(s->aes, out, &len, (const unsigned char *)plain.bytes,
			      (int)plain.len) != 1 ||
	    EVP_EncryptFinal_ex(s->aes, out + len, &last) != 1)
		return false;
	s->encrypted.len = (size_t)len + (size_t)last;
	return true;
}

static bool sign(struct seal *s, const unsigned char *key, const char *bytes, size_t len,
		 unsigned char mac[MAC_BYTES])
{
	size_t size = 0;

	return EVP_MAC_init(s->mac, key, KEY_BYTES, NULL) == 1 &&
	       EVP_MAC_update(s->mac, (const unsigned char *)bytes, len) == 1 &&
	       EVP_MAC_final(s->mac, mac, &size, MAC_BYTES) == 1 && size == MAC_BYTES;
}

/* --- the text --- */

static void write_hex(char ret_text[SALT_TEXT + 1], const unsigned char bytes[SALT_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SALT_BYTES; i++) {
		ret_text[2 * i] = digits[bytes[i] >> 4];
		ret_text[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_text[SALT_TEXT] = '\0';
}

/* Base64url without padding (RFC 4648 5). */
static void append_base64url(struct buf *out, const void *bytes, size_t len)
{
	char *at;

	buf_reserve(out, (len + 2) / 3 * 4);
	at = out->data + out->len;
	(void)EVP_EncodeBlock((unsigned char *)at, bytes, (int)len);
	for (; *at != '\0' && *at != '='; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	*at = '\0';
	out->len = (size_t)(at - out->data);
}

/* Appends all that the mac is of, up to the mac's salt. */
static bool append_base(struct seal *s, const struct fresh *fresh, struct text plain,
			struct buf *out)
{
	unsigned char key[KEY_BYTES];
	char salt[SALT_TEXT + 1];
	bool good;

	write_hex(salt, fresh->salt);
	good = derive(s, salt, key) && encrypt(s, key, fresh->iv, plain);
	explicit_bzero(key, sizeof(key));
	if (!good)
		return false;
	buf_appendf(out, "Fe26.2*%s*%s*", s->id, salt);
	append_base64url(out, fresh->iv, sizeof(fresh->iv));
	buf_append_char(out, '*');
	append_base64url(out, s->encrypted.data, s->encrypted.len);
	buf_append_char(out, '*');
	return true;
}

static bool append_mac(struct seal *s, const struct fresh *fresh, size_t start, struct buf *out)
{
	unsigned char key[KEY_BYTES], mac[MAC_BYTES];
	char salt[SALT_TEXT + 1];
	bool good;

	write_hex(salt, fresh->mac_salt);
	good = derive(s, salt, key) && sign(s, key, out->data + start, out->len - start, mac);
	explicit_bzero(key, sizeof(key));
	if (!good)
		return false;
	buf_appendf(out, "*%s*", salt);
	append_base64url(out, mac, sizeof(mac));
	return true;
}

bool seal_append(struct seal *s, struct text plain, struct buf *out)
{
	size_t start = out->len;
	struct fresh fresh;

	if (plain.len <= PLAIN_MAX && RAND_bytes((unsigned char *)&fresh, sizeof(fresh)) == 1 &&
	    append_base(s, &fresh, plain, out) && append_mac(s, &fresh, start, out))
		return true;
	ERR_clear_error();
	out->len = start;
	if (out->cap > 0)
		out->data[start] = '\0';
	return false;
}

/* --- life --- */

static bool can_seal(struct seal *s)
{
	struct buf scrap;
	bool good;

	buf_init(&scrap);
	good = s->kdf != NULL && s->mac != NULL && s->aes != NULL &&
	       seal_append(s, (struct text){"{}", 2}, &scrap);
	buf_release(&scrap);
	return good;
}

struct seal *seal_new(const char *password, const char *id, const char **ret_why)
{
	struct seal *s;

	if (!may_be_used(password, id, ret_why))
		return NULL;
	s = xcalloc(1, sizeof(*s));
	buf_init(&s->encrypted);
	snprintf(s->id, sizeof(s->id), "%s", id == NULL ? "" : id);
	s->kdf = make_kdf(password);
	s->mac = make_mac();
	s->aes = make_aes();
	if (can_seal(s))
		return s;
	*ret_why = "nothing can be sealed with encryption-key: libcrypto has no randomness, or not "
		   "the algorithms of Fe26.2";
	seal_free(s);
	return NULL;
}

void seal_free(struct seal *s)
{
	if (s == NULL)
		return;
	EVP_KDF_CTX_free(s->kdf);
	EVP_MAC_CTX_free(s->mac);
	EVP_CIPHER_CTX_free(s->aes);
	buf_release(&s->encrypted);
	free(s);
}
