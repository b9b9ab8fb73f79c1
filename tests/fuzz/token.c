/* SPDX-License-Identifier: PostgreSQL */
/*
 * Tokens. "r" and bytes: a token as it comes; nothing is valid that the key has not signed. "s", a
 * header and a payload, a line each: signed with the key here, so that what is behind the signature
 * is reached; nothing is valid then but HS256, with the claims that are asked for, and with every
 * byte as it was signed.
 */
#include "auth/token.h"

#include <math.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <strings.h>

#include "base/buf.h"
#include "auth/json.h"
#include "auth/keyring.h"

#include "jsoncheck.h"

static const unsigned char key[] = "0123456789abcdef0123456789abcdef";
#define KEY_LEN (sizeof(key) - 1)
#define NOW_S INT64_C(1800000000)

/* Base64url without padding (RFC 4648 5). */
static void append_base64url(struct buf *out, const void *bytes, size_t len)
{
	char *coded = xmalloc(len / 3 * 4 + 8);
	int coded_len = EVP_EncodeBlock((unsigned char *)coded, bytes, (int)len);

	while (coded_len > 0 && coded[coded_len - 1] == '=')
		coded_len--;
	for (int i = 0; i < coded_len; i++)
		buf_append_char(out, coded[i] == '+' ? '-' : coded[i] == '/' ? '_' : coded[i]);
	free(coded);
}

/* The signature that belongs behind the last dot of what is there. */
static void append_signature(struct buf *out, const EVP_MD *hash)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned mac_len;

	HMAC(hash, key, KEY_LEN, (const unsigned char *)out->data, out->len, mac, &mac_len);
	buf_append_char(out, '.');
	append_base64url(out, mac, mac_len);
}

/* Who asks why is told the same: all is good, or what the gate says is the first fault. */
static void check_examined(const struct token_options *options, const char *token, const char *why)
{
	struct token_findings f;
	const char *first = NULL;

	token_examine(options, token, NOW_S * 1000, &f);
	for (size_t i = 0; i < f.count && first == NULL; i++)
		first = f.faults[i];
	MUST(f.count <= TOKEN_CHECKS && first == why);
	identity_release(&f.identity);
}

static bool verify(const char *token, const char *issuer, const char *audience,
		   struct identity *ret_id)
{
	struct keyring ring = {.keys = {{.algorithms = ALGORITHM_SET(ALGORITHM_HS256),
					 .bytes = (unsigned char *)(uintptr_t)key,
					 .len = KEY_LEN,
					 .mark = 7}},
			       .count = 1};
	struct token_options options = {
		.keys = &ring,
		.issuers = issuer == NULL ? NULL : (const char *const[]){issuer, NULL},
		.audiences = audience == NULL ? NULL : (const char *const[]){"x", audience, NULL},
		.leeway_ms = 30000};
	const char *why = NULL;
	bool valid = token_verify(&options, token, NOW_S * 1000, ret_id, &why);

	MUST(valid || (why != NULL && ret_id->claims == NULL));
	check_examined(&options, token, valid ? NULL : why);
	return valid;
}

static bool is_well_formed(const char *token)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t a = strspn(token, letters), b, c;

	if (a == 0 || token[a] != '.')
		return false;
	b = strspn(token + a + 1, letters);
	if (b == 0 || token[a + 1 + b] != '.')
		return false;
	c = strspn(token + a + b + 2, letters);
	return c > 0 && token[a + b + 2 + c] == '\0' && strlen(token) <= TOKEN_MAX;
}

static void check_raw(const char *token)
{
	struct identity id = {.claims = NULL};
	struct buf again;

	MUST(token_well_formed(token, strlen(token)) == is_well_formed(token));
	if (!verify(token, NULL, NULL, &id))
		return;
	MUST(is_well_formed(token));
	buf_init(&again);
	buf_append(&again, token, (size_t)(strrchr(token, '.') - token));
	append_signature(&again, EVP_sha256());
	MUST(strcmp(again.data, token) == 0);
	buf_release(&again);
	identity_release(&id);
}

/* What a valid token of this header and payload must say. */
static void check_identity(const struct identity *id, struct text payload)
{
	struct json_object *exp, *sub;
	double seconds;

	MUST(is_json(payload.bytes, payload.len));
	MUST(json_object_is_type(id->claims, json_type_object));
	MUST(json_object_object_get_ex(id->claims, "exp", &exp));
	seconds = json_object_get_double(exp);
	MUST(isfinite(seconds) && seconds + 30 > NOW_S &&
	     fabs((double)id->ends_ms - (seconds + 30) * 1000) < 1000);
	MUST(id->ends_ms > NOW_S * 1000);
	MUST(json_object_object_get_ex(id->claims, "sub", &sub) &&
	     (json_object_is_type(sub, json_type_string) ||
	      json_object_is_type(sub, json_type_int)));
	MUST(id->sub == json_object_get_string(sub) && id->sub[0] != '\0' &&
	     strlen(id->sub) <= 255);
	MUST(strpbrk(id->sub, "\n\r\t\x1b\x7f") == NULL && id->key_mark == 7);
	MUST(id->jti == NULL || (id->jti[0] != '\0' && strlen(id->jti) <= 255));
	MUST(id->issued_ms <= NOW_S * 1000 + 30000);
}

/* JWT, at+jwt, or more words before the latter. */
static bool is_known_type(const char *typ)
{
	size_t len = strlen(typ);

	return strcasecmp(typ, "JWT") == 0 ||
	       (len >= 6 && strcasecmp(typ + len - 6, "at+jwt") == 0);
}

/* Our algorithm in just that spelling, and nothing that would mean more. */
static bool is_plain_hs256(struct text header)
{
	struct json_object *object = json_parse(header.bytes, header.len), *alg, *typ;
	bool good = json_object_object_get_ex(object, "alg", &alg) &&
		    json_object_is_type(alg, json_type_string) &&
		    strcmp(json_object_get_string(alg), "HS256") == 0 &&
		    (!json_object_object_get_ex(object, "typ", &typ) ||
		     is_known_type(json_object_get_string(typ))) &&
		    !json_object_object_get_ex(object, "crit", NULL) &&
		    !json_object_object_get_ex(object, "b64", NULL);

	json_object_put(object);
	return good;
}

/* The header's own wish is granted, so that only the product can refuse it. */
static const EVP_MD *hash_of(struct text header)
{
	if (memmem(header.bytes, header.len, "HS384", 5) != NULL)
		return EVP_sha384();
	return memmem(header.bytes, header.len, "HS512", 5) != NULL ? EVP_sha512() : EVP_sha256();
}

static void check_changed(char *token, size_t at)
{
	struct identity id = {.claims = NULL};

	token[at] = token[at] == 'A' ? 'B' : 'A';
	MUST(!verify(token, NULL, NULL, &id));
}

/* Asked for more, it is valid only where it says so. */
static void check_asked(const char *token, const struct identity *id)
{
	struct identity other = {.claims = NULL};
	struct json_object *claim;

	if (verify(token, "me", NULL, &other))
		MUST(json_object_object_get_ex(id->claims, "iss", &claim));
	identity_release(&other);
	if (verify(token, NULL, "you", &other))
		MUST(json_object_object_get_ex(id->claims, "aud", &claim));
	identity_release(&other);
}

static void check_signed(struct text header, struct text payload)
{
	struct identity id = {.claims = NULL};
	struct buf token;

	buf_init(&token);
	append_base64url(&token, header.bytes, header.len);
	buf_append_char(&token, '.');
	append_base64url(&token, payload.bytes, payload.len);
	append_signature(&token, hash_of(header));
	if (verify(token.data, NULL, NULL, &id)) {
		MUST(is_plain_hs256(header));
		check_identity(&id, payload);
		check_asked(token.data, &id);
		check_changed(token.data, (header.len * 7 + payload.len) % token.len);
	}
	identity_release(&id);
	buf_release(&token);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = input_of(data, size);
	struct text first, second;

	if (size == 0)
		return 0;
	in.at++;
	first = input_piece(&in, '\n');
	second = input_piece(&in, '\n');
	if (data[0] == 's')
		check_signed(first, second);
	else
		check_raw(first.bytes);
	text_free(first);
	text_free(second);
	return 0;
}
