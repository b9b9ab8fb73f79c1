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
#include "auth/ed25519.h"

#define PEM_BEGIN "-----BEGIN "

/* Says why, and is false, for "return good || refuse(…)". */
#define refuse(why, ...) (buf_appendf((why), __VA_ARGS__), false)

bool key_is_secret(const struct key *k)
{
	return (k->algorithms & ALGORITHMS_HS) != 0;
}

/* For EC, each algorithm has its curve (RFC 7518 3.4). An empty set if it is none of ours. */
static unsigned algorithms_of_curve(EVP_PKEY *key)
{
	static const struct {
		const char *curve;
		enum algorithm algorithm;
	} curves[] = {{"prime256v1", ALGORITHM_ES256},
		      {"secp384r1", ALGORITHM_ES384},
		      {"secp521r1", ALGORITHM_ES512}};
	char curve[64] = "";

	EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++)
		if (strcmp(curves[i].curve, curve) == 0)
			return ALGORITHM_SET(curves[i].algorithm);
	return 0;
}

/* What verifies with such a key, whatever its size. A key of type RSA-PSS has a type of its own. */
static unsigned algorithms_of(EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		return ALGORITHMS_RS | ALGORITHMS_PS;
	case EVP_PKEY_RSA_PSS:
		return ALGORITHMS_PS;
	case EVP_PKEY_EC:
		return algorithms_of_curve(key);
	case EVP_PKEY_ED25519:
		return ALGORITHM_SET(ALGORITHM_EDDSA);
	default:
		return 0;
	}
}

bool key_kind_of(EVP_PKEY *public_key, struct key_kind *ret_kind, struct buf *why)
{
	unsigned set = algorithms_of(public_key);
	int bits = EVP_PKEY_get_bits(public_key);

	if (set == 0)
		return refuse(why, "the key is neither RSA nor of one of the curves P-256, P-384, "
				   "P-521 and Ed25519");
	*ret_kind = (struct key_kind){set, set};
	if (!(set & ALGORITHMS_PS)) /* it is not RSA */
		return true;
	if (bits < KEY_RSA_BITS_MIN)
		return refuse(why, "the RSA key has %d bits, fewer than %d: make a longer one",
			      bits, KEY_RSA_BITS_MIN);
	return bits <= KEY_RSA_BITS_MAX ||
	       refuse(why, "the RSA key has %d bits, more than %d", bits, KEY_RSA_BITS_MAX);
}

static bool choose_algorithms(struct key *k, enum algorithm wanted, struct key_kind kind,
			      struct buf *why)
{
	k->algorithms = wanted == ALGORITHM_ANY ? kind.usual : ALGORITHM_SET(wanted);
	return (k->algorithms & kind.possible) != 0 ||
	       refuse(why, "the algorithm is '%s', which a key of this kind is not for, but %s is",
		      algorithm_name(wanted), algorithm_name(algorithm_first(kind.usual)));
}

/* The hash key is fixed, because a key that is loaded again must have the same mark. */
static void take_bytes(struct key *k, const void *bytes, size_t len)
{
	struct hash_key fixed = {UINT64_C(0x6865726c61646b31) + k->algorithms,
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
	EVP_PKEY_free(k->public_key);
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

/* A secret is at least as long as the hash (RFC 7518 3.2). */
static size_t least_bytes(enum algorithm algorithm)
{
	return (size_t)EVP_MD_get_size(algorithm_hash(algorithm));
}

bool key_from_secret(struct key *k, const void *bytes, size_t len, enum algorithm wanted,
		     struct buf *why)
{
	enum algorithm algorithm;
	size_t least;

	*k = (struct key){.bytes = NULL};
	if (memmem(bytes, len, PEM_BEGIN, strlen(PEM_BEGIN)) != NULL)
		return refuse(why, "that is a key in PEM form and no secret: a public one belongs "
				   "into jwt-public-key-file");
	if (has_lines(bytes, len))
		return refuse(
			why,
			"the secret has several lines: it must be one, or bytes that are no text");
	if (!choose_algorithms(k, wanted, KEY_KIND_HMAC, why))
		return false;
	algorithm = algorithm_first(k->algorithms);
	least = least_bytes(algorithm);
	if (len < least)
		return refuse(why,
			      "the secret has %zu bytes, fewer than %zu that %s asks for: make one "
			      "with head -c 48 /dev/urandom | base64 -w 0",
			      len, least, algorithm_name(algorithm));
	take_bytes(k, bytes, len);
	return true;
}

/* --- public keys --- */

/* OpenSSL asks nothing of a key of Ed25519 but its length. */
static bool is_sound_ed25519(EVP_PKEY *public_key)
{
	unsigned char point[ED25519_BYTES];
	size_t len = sizeof(point);

	return EVP_PKEY_get_raw_public_key(public_key, point, &len) == 1 && len == ED25519_BYTES &&
	       ed25519_is_key(point);
}

/* Checks that the point is on its curve, that the exponent is odd and above 1, and so on. */
static bool is_sound(EVP_PKEY *public_key)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, public_key, NULL);
	bool sound = ctx != NULL && EVP_PKEY_public_check(ctx) == 1 &&
		     (EVP_PKEY_get_base_id(public_key) != EVP_PKEY_ED25519 ||
		      is_sound_ed25519(public_key));

	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	return sound;
}

/* Both forms of a public key, for both libraries. False if there is no PEM text of it. */
static bool take_public(struct key *k, EVP_PKEY *public_key)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;

	if (bio != NULL && PEM_write_bio_PUBKEY(bio, public_key) == 1 &&
	    (len = BIO_get_mem_data(bio, &pem)) > 0 && EVP_PKEY_up_ref(public_key) == 1) {
		take_bytes(k, pem, (size_t)len);
		k->public_key = public_key;
	}
	BIO_free(bio);
	return k->public_key != NULL;
}

bool key_from_public(struct key *k, EVP_PKEY *public_key, enum algorithm wanted, struct buf *why)
{
	struct key_kind kind;

	*k = (struct key){.bytes = NULL};
	if (!key_kind_of(public_key, &kind, why) || !choose_algorithms(k, wanted, kind, why))
		return false;
	if (!is_sound(public_key))
		return refuse(
			why,
			"the key's numbers are not those of a key: it is damaged, copy it again");
	return take_public(k, public_key) || refuse(why, "the key cannot be written in PEM form");
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

bool key_from_pem(struct key *k, const char *pem, size_t len, enum algorithm wanted,
		  struct buf *why)
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
