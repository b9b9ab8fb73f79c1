/* SPDX-License-Identifier: PostgreSQL */
#include "auth/key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/xalloc.h"

#define PEM_BEGIN "-----BEGIN "

/* Says why, and is false, for "return good || refuse(…)". */
#define refuse(why, ...) (buf_appendf((why), __VA_ARGS__), false)

bool key_algorithm_parse(const char *name, jwt_alg_t *ret_algorithm)
{
	static const struct {
		const char *name;
		jwt_alg_t algorithm;
	} names[] = {{"HS256", JWT_ALG_HS256}, {"HS384", JWT_ALG_HS384}, {"HS512", JWT_ALG_HS512},
		     {"RS256", JWT_ALG_RS256}, {"RS384", JWT_ALG_RS384}, {"RS512", JWT_ALG_RS512},
		     {"ES256", JWT_ALG_ES256}, {"ES384", JWT_ALG_ES384}, {"ES512", JWT_ALG_ES512}};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcmp(names[i].name, name) == 0) {
			*ret_algorithm = names[i].algorithm;
			return true;
		}
	}
	return false;
}

bool key_is_secret(const struct key *k)
{
	return k->algorithm >= JWT_ALG_HS256 && k->algorithm <= JWT_ALG_HS512;
}

/* For EC, each algorithm has its curve (RFC 7518 3.4). */
static bool ec_kind(EVP_PKEY *key, struct key_kind *ret_kind)
{
	static const struct {
		const char *curve;
		jwt_alg_t algorithm;
	} curves[] = {{"prime256v1", JWT_ALG_ES256},
		      {"secp384r1", JWT_ALG_ES384},
		      {"secp521r1", JWT_ALG_ES512}};
	char curve[64] = "";

	EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (strcmp(curves[i].curve, curve) == 0) {
			*ret_kind = (struct key_kind){curves[i].algorithm, curves[i].algorithm,
						      curves[i].algorithm};
			return true;
		}
	}
	return false;
}

bool key_kind_of(EVP_PKEY *public_key, struct key_kind *ret_kind, struct buf *why)
{
	int bits = EVP_PKEY_get_bits(public_key);

	if (EVP_PKEY_get_base_id(public_key) != EVP_PKEY_RSA)
		return (EVP_PKEY_get_base_id(public_key) == EVP_PKEY_EC &&
			ec_kind(public_key, ret_kind)) ||
		       refuse(why, "the key is neither RSA nor of curve P-256, P-384, P-521");
	*ret_kind = (struct key_kind){JWT_ALG_RS256, JWT_ALG_RS512, JWT_ALG_RS256};
	if (bits < KEY_RSA_BITS_MIN)
		return refuse(why, "the RSA key has %d bits, fewer than %d: make a longer one",
			      bits, KEY_RSA_BITS_MIN);
	return bits <= KEY_RSA_BITS_MAX ||
	       refuse(why, "the RSA key has %d bits, more than %d", bits, KEY_RSA_BITS_MAX);
}

static bool choose_algorithm(struct key *k, jwt_alg_t wanted, struct key_kind kind, struct buf *why)
{
	k->algorithm = wanted == JWT_ALG_NONE ? kind.usual : wanted;
	return (k->algorithm >= kind.first && k->algorithm <= kind.last) ||
	       refuse(why, "the algorithm is '%s', which a key of this kind is not for, but %s is",
		      jwt_alg_str(k->algorithm), jwt_alg_str(kind.usual));
}

/* The hash key is fixed, because a key that is loaded again must have the same mark. */
static void take_bytes(struct key *k, const void *bytes, size_t len)
{
	struct hash_key fixed = {UINT64_C(0x6865726c61646b31) + k->algorithm,
				 UINT64_C(0x6d61726b6f666b65)};

	k->bytes = xcalloc(1, len + 1);
	memcpy(k->bytes, bytes, len);
	k->len = len;
	k->mark = hash_bytes(fixed, bytes, len);
	k->mark += k->mark == 0;
}

void key_release(struct key *k)
{
	if (k->bytes != NULL)
		explicit_bzero(k->bytes, k->len);
	free(k->bytes);
	free(k->kid);
	*k = (struct key){.bytes = NULL};
}

/* --- secrets --- */

/*
 * True for a text of several lines, which is a file that was meant for something else. Random bytes
 * are no text.
 */
static bool has_lines(const unsigned char *bytes, size_t len)
{
	bool ends = false;

	for (size_t i = 0; i < len; i++) {
		bool line_end = bytes[i] == '\n' || bytes[i] == '\r';

		if (!line_end && bytes[i] != '\t' && (bytes[i] < 0x20 || bytes[i] > 0x7e))
			return false;
		ends = ends || line_end;
	}
	return ends;
}

static size_t least_bytes(jwt_alg_t algorithm)
{
	return algorithm == JWT_ALG_HS512 ? 64 : algorithm == JWT_ALG_HS384 ? 48 : KEY_HMAC_MIN;
}

bool key_from_secret(struct key *k, const void *bytes, size_t len, jwt_alg_t wanted,
		     struct buf *why)
{
	size_t least;

	*k = (struct key){.bytes = NULL};
	if (memmem(bytes, len, PEM_BEGIN, strlen(PEM_BEGIN)) != NULL)
		return refuse(why, "that is a key in PEM form and no secret: a public one belongs "
				   "into jwt-public-key-file");
	if (has_lines(bytes, len))
		return refuse(
			why,
			"the secret has several lines: it must be one, or bytes that are no text");
	if (!choose_algorithm(k, wanted, KEY_KIND_HMAC, why))
		return false;
	least = least_bytes(k->algorithm);
	if (len < least)
		return refuse(why,
			      "the secret has %zu bytes, fewer than %zu that %s asks for: make one "
			      "with head -c 48 /dev/urandom | base64 -w 0",
			      len, least, jwt_alg_str(k->algorithm));
	take_bytes(k, bytes, len);
	return true;
}

/* --- public keys --- */

/* Checks that the point is on its curve, that the exponent is odd and above 1, and so on. */
static bool is_sound(EVP_PKEY *public_key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);
	bool sound = ctx != NULL && EVP_PKEY_public_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return sound;
}

bool key_from_public(struct key *k, EVP_PKEY *public_key, jwt_alg_t wanted, struct buf *why)
{
	struct key_kind kind;
	BIO *bio;
	char *pem;
	long len;

	*k = (struct key){.bytes = NULL};
	if (!key_kind_of(public_key, &kind, why) || !choose_algorithm(k, wanted, kind, why))
		return false;
	if (!is_sound(public_key))
		return refuse(
			why,
			"the key's numbers are not those of a key: it is damaged, copy it again");
	bio = BIO_new(BIO_s_mem());
	if (bio != NULL && PEM_write_bio_PUBKEY(bio, public_key) == 1 &&
	    (len = BIO_get_mem_data(bio, &pem)) > 0)
		take_bytes(k, pem, (size_t)len);
	BIO_free(bio);
	return k->bytes != NULL || refuse(why, "the key cannot be written in PEM form");
}

/* The label of the next block from *at on. NULL if there is no more. */
static const char *next_label(const char **at, const char *end, size_t *ret_len)
{
	const char *begin = memmem(*at, (size_t)(end - *at), PEM_BEGIN, strlen(PEM_BEGIN)), *label,
		   *close;

	if (begin == NULL)
		return NULL;
	label = begin + strlen(PEM_BEGIN);
	close = memmem(label, (size_t)(end - label), "-----", 5);
	*at = close == NULL ? end : close;
	*ret_len = (size_t)(*at - label);
	return label;
}

/*
 * A label shows what was put there by mistake. For a private key or a certificate, `why` says what
 * to do instead.
 */
static bool is_one_public_block(const char *pem, size_t len, struct buf *why)
{
	const char *at = pem, *label;
	size_t blocks = 0, label_len;

	while ((label = next_label(&at, pem + len, &label_len)) != NULL) {
		blocks++;
		if (memmem(label, label_len, "PRIVATE KEY", 11) != NULL)
			return refuse(why,
				      "that is a private key: give the public one (openssl pkey "
				      "-in FILE -pubout), and keep the private one elsewhere");
		if (memmem(label, label_len, "CERTIFICATE", 11) != NULL)
			return refuse(why, "that is a certificate: give its public key (openssl "
					   "x509 -in FILE -noout -pubkey)");
	}
	if (blocks == 0)
		return refuse(why, "there is no public key in PEM form (BEGIN PUBLIC KEY) in it");
	return blocks == 1 || refuse(why,
				     "there are %zu PEM blocks in it and one is wanted: several "
				     "keys belong into jwks-file",
				     blocks);
}

bool key_from_pem(struct key *k, const char *pem, size_t len, jwt_alg_t wanted, struct buf *why)
{
	EVP_PKEY *public_key;
	BIO *bio;
	bool good;

	*k = (struct key){.bytes = NULL};
	if (!is_one_public_block(pem, len, why))
		return false;
	bio = BIO_new_mem_buf(pem, (int)len);
	public_key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	ERR_clear_error();
	good = public_key != NULL ? key_from_public(k, public_key, wanted, why)
				  : refuse(why, "there is no public key in PEM form (BEGIN PUBLIC "
						"KEY) in it that can be read");
	EVP_PKEY_free(public_key);
	BIO_free(bio);
	return good;
}
