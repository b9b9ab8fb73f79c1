/* SPDX-License-Identifier: PostgreSQL */
#include "http/key.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "http/token.h"

#define KEY_FILE_MAX (64 << 10)
#define RSA_BITS_MIN 2048 /* RFC 7518 3.3 */

/* What a public key is good for: the family of algorithms, and for EC the one that fits the curve. */
struct key_kind {
	jwt_alg_t first, last, usual;
};

static bool fail(const char **ret_why, const char *fmt, ...) PRINTF_LIKE(2, 3);
static bool fail(const char **ret_why, const char *fmt, ...)
{
	static char sentence[600];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	*ret_why = sentence;
	return false;
}

/* The whole file with a NUL behind it. A secret that others can read is said, not refused: containers mount them so. */
static bool read_file(const char *option, const char *path, bool secret, unsigned char **ret_bytes, size_t *ret_len,
		      const char **ret_why)
{
	FILE *in = fopen(path, "re");
	struct stat st;

	if (in == NULL)
		return fail(ret_why, "%s: cannot read '%s': %s", option, path, strerror(errno));
	if (fstat(fileno(in), &st) == 0 && secret && (st.st_mode & (S_IROTH | S_IWOTH)))
		log_warn("%s: everybody can read or write '%s', chmod 600 it", option, path);
	*ret_bytes = xcalloc(1, KEY_FILE_MAX + 1);
	*ret_len = fread(*ret_bytes, 1, KEY_FILE_MAX, in);
	fclose(in);
	return true;
}

static bool find_algorithm(const char *name, jwt_alg_t *ret_algorithm)
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

/* EC: each algorithm has its curve (RFC 7518 3.4). */
static bool ec_kind(EVP_PKEY *key, struct key_kind *ret_kind)
{
	static const struct {
		const char *curve;
		jwt_alg_t algorithm;
	} curves[] = {{"prime256v1", JWT_ALG_ES256}, {"secp384r1", JWT_ALG_ES384}, {"secp521r1", JWT_ALG_ES512}};
	char curve[64] = "";

	EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL);
	for (size_t i = 0; i < ARRAY_SIZE(curves); i++) {
		if (strcmp(curves[i].curve, curve) == 0) {
			*ret_kind = (struct key_kind){curves[i].algorithm, curves[i].algorithm, curves[i].algorithm};
			return true;
		}
	}
	return false;
}

static bool public_kind(const char *path, const unsigned char *pem, size_t len, struct key_kind *ret_kind,
			const char **ret_why)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	EVP_PKEY *key = bio == NULL ? NULL : PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	bool good;

	*ret_kind = (struct key_kind){JWT_ALG_RS256, JWT_ALG_RS512, JWT_ALG_RS256};
	if (key == NULL)
		good = fail(ret_why, "jwt-public-key-file: '%s' has no public key in PEM form (BEGIN PUBLIC KEY)", path);
	else if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		good = EVP_PKEY_get_bits(key) >= RSA_BITS_MIN ||
		       fail(ret_why, "jwt-public-key-file: the RSA key in '%s' has %d bits, fewer than %d", path,
			    EVP_PKEY_get_bits(key), RSA_BITS_MIN);
	else
		good = (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC && ec_kind(key, ret_kind)) ||
		       fail(ret_why, "jwt-public-key-file: the key in '%s' is neither RSA nor of curve P-256, P-384, P-521", path);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return good;
}

static bool choose_algorithm(const char *name, struct key_kind kind, jwt_alg_t *ret_algorithm, const char **ret_why)
{
	*ret_algorithm = kind.usual;
	if (name == NULL)
		return true;
	if (!find_algorithm(name, ret_algorithm))
		return fail(ret_why, "jwt-algorithm is '%s', not one of HS, RS, ES with 256, 384, 512", name);
	if (*ret_algorithm < kind.first || *ret_algorithm > kind.last)
		return fail(ret_why, "jwt-algorithm is '%s', which the configured key is not for", name);
	return true;
}

static bool load_secret(const struct key_source *source, unsigned char **ret_key, size_t *ret_len, const char **ret_why)
{
	const char *option = source->secret_file != NULL ? "jwt-secret-file" : "jwt-secret";

	if (source->secret_file == NULL) {
		*ret_key = (unsigned char *)xstrdup(source->secret);
		*ret_len = strlen(source->secret);
	} else {
		if (!read_file(option, source->secret_file, true, ret_key, ret_len, ret_why))
			return false;
		while (*ret_len > 0 && ((*ret_key)[*ret_len - 1] == '\n' || (*ret_key)[*ret_len - 1] == '\r'))
			--*ret_len;
	}
	if (*ret_len < TOKEN_HMAC_KEY_MIN)
		return fail(ret_why, "%s: the key has %zu bytes, fewer than %d", option, *ret_len, TOKEN_HMAC_KEY_MIN);
	return true;
}

bool key_load(const struct key_source *source, unsigned char **ret_key, size_t *ret_len, jwt_alg_t *ret_algorithm,
	      const char **ret_why)
{
	struct key_kind kind = {JWT_ALG_HS256, JWT_ALG_HS512, JWT_ALG_HS256};
	int given = (source->secret != NULL) + (source->secret_file != NULL) + (source->public_key_file != NULL);
	const char *path = source->public_key_file;

	*ret_key = NULL;
	*ret_len = 0;
	*ret_algorithm = JWT_ALG_NONE;
	if (given == 0)
		return true;
	if (given > 1)
		return fail(ret_why, "more than one of jwt-secret, jwt-secret-file and jwt-public-key-file is given");
	if (path == NULL ? !load_secret(source, ret_key, ret_len, ret_why)
			 : !read_file("jwt-public-key-file", path, false, ret_key, ret_len, ret_why) ||
				   !public_kind(path, *ret_key, *ret_len, &kind, ret_why))
		return false;
	return choose_algorithm(source->algorithm, kind, ret_algorithm, ret_why);
}
